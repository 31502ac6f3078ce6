"""Classes of the codec's benchmark: in a module of their own, because a class of the program itself
would be kept by name and by value."""

from dataclasses import dataclass


@dataclass
class Place:
    name: str
    latitude: float
    longitude: float


@dataclass
class Reading:
    station: Place
    year: int
    quality: str
    values: list[float]
    checked: bool
