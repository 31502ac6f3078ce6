"""Functions that tasks call, in a module that workers can import."""

import asyncio
import functools
import time

from holdall import SQLiteBackend, TaskQueue, register

queue = TaskQueue(SQLiteBackend(":memory:"))


def give(*args, **kwargs):
    return args, kwargs


def add(a, b=1):
    return a + b


def identity(value):
    return value


def nothing():
    return None


def wait(seconds, value=None):
    time.sleep(seconds)
    return value


async def later(value):
    await asyncio.sleep(0.001)
    return value


def boom(message="boom"):
    raise ValueError(message)


@register
class Refused(Exception):
    """One that comes back as it was."""


def refuse(*args):
    raise Refused(*args)


class Adder:
    def __init__(self, more):
        self.more = more

    def add(self, value):
        return value + self.more

    @classmethod
    def make(cls, more):
        return cls(more).more

    @staticmethod
    def twice(value):
        return 2 * value

    def __call__(self, value):
        return value + self.more

    def __eq__(self, other):
        return type(other) is Adder and other.more == self.more

    __hash__ = None


add_five = functools.partial(add, 5)


@queue.task
def decorated(value):
    return value + 1


@queue.task(queue="mail", retries=3)
async def posted(value):
    return value


removed = add
