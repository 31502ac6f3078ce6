"""Functions and classes that processes import by their names."""

import os
import signal
import time

from holdall.workflow import workflow


@workflow
def whoami(*before):
    return os.getpid()


@workflow
def add(a, b):
    return a + b


@workflow
def die(n):
    os.kill(os.getpid(), signal.SIGKILL)


@workflow
def slow(seconds, value):
    time.sleep(seconds)
    return value


@workflow
def touch(path, seconds=0.0, *before):
    time.sleep(seconds)
    path.touch()
    return path.name


class Refusal(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")
        self.parts = (first, second)

    def __reduce__(self):
        return type(self), self.parts


@workflow
def refuse(n):
    raise Refusal(n, "more")


class Unsendable(Exception):
    def __init__(self):
        super().__init__("cannot be sent")
        self.lock = __import__("threading").Lock()


@workflow
def refuse_unsendably(n):
    raise Unsendable


@workflow
def give_lock(n):
    return {"lock": __import__("threading").Lock()}


@workflow
class Place:
    def __init__(self):
        self.pid = os.getpid()

    def where(self):
        return (self.pid, os.getpid())
