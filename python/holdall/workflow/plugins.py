"""What is done before a node runs: in the program, and where the node runs.

A plugin is no part of a node's key: what it sets up is not to change the result, or is meant to be random.
"""

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["InitializerPlugin", "Plugin", "PluginCollection", "RandomStatePlugin"]


class Plugin:
    """The interface, which does nothing."""

    def local_initialize(self) -> Any:
        """Do something in the program, before each run, once for each node that has the plugin."""

    def remote_initialize(self) -> Callable[[], Any] | None:
        """Return what is to be called where the node runs, before the node. Asked after `local_initialize`."""


class InitializerPlugin(Plugin):
    """Calls a function before the node."""

    def __init__(self, func: Callable[[], Any]) -> None:
        self._func = func

    def remote_initialize(self) -> Callable[[], Any]:
        """Return the function."""
        return self._func


class RandomStatePlugin(Plugin):
    """Gives each node the next seed: one after `seed` first, and `min` again after `max`."""

    def __init__(self, min: int, max: int, seed: int, seed_func: Callable[[int], Any]) -> None:
        self.min, self.max = min, max
        self.seed = seed
        self.seed_func = seed_func

    def local_initialize(self) -> None:
        """Take the next seed."""
        self.seed += 1
        if self.seed > self.max:
            self.seed = self.min

    def remote_initialize(self) -> Callable[[], Any]:
        """Return what sets this seed."""
        return Seeding(self.seed_func, self.seed)


class PluginCollection(Plugin):
    """Several plugins, one after the other."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self.plugins = list(plugins)

    def local_initialize(self) -> list[Any]:
        """Do what each does in the program."""
        return [plugin.local_initialize() for plugin in self.plugins]

    def remote_initialize(self) -> Callable[[], Any]:
        """Return what calls what each wants called."""
        functions = [plugin.remote_initialize() for plugin in self.plugins]
        return Together([function for function in functions if function is not None])


class Seeding:
    """Sets a seed. A class, so that it can be sent to where the node runs."""

    def __init__(self, seed_func: Callable[[int], Any], seed: int) -> None:
        self.seed_func, self.seed = seed_func, seed

    def __call__(self) -> None:
        self.seed_func(self.seed)


class Together:
    """Calls functions in turn."""

    def __init__(self, functions: Iterable[Callable[[], Any]]) -> None:
        self.functions = list(functions)

    def __call__(self) -> None:
        for function in self.functions:
            function()
