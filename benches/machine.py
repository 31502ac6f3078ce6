"""Where it ran and with what: without that a figure says nothing."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import holdall


def facts(folder: Path, rounds: int) -> dict[str, str]:
    """What the page says of the run. Never a path."""
    python_sqlite = sqlite3.sqlite_version
    return common(folder) | {
        "holdall": f"{holdall.__version__}, with SQLite {bundled_sqlite()}",
        "diskcache": f"{installed('diskcache')}, with Python's SQLite {python_sqlite}",
        "plain sqlite3": f"Python's SQLite {python_sqlite}",
        "anystore": installed("anystore"),
        "orjson": installed("orjson"),
        "rounds": str(rounds),
    }


def codec_facts(folder: Path, rounds: int) -> dict[str, str]:
    """The same of the codec's page."""
    peers = {name: installed(name) for name in ("orjson", "cloudpickle", "numpy", "joblib")}
    return common(folder) | {"holdall": holdall.__version__} | peers | {"rounds": str(rounds)}


def queue_facts(folder: Path, rounds: int) -> dict[str, str]:
    """The same of the queues' page."""
    return common(folder) | {
        "holdall": f"{holdall.__version__}, with SQLite {bundled_sqlite()}",
        "huey": f"{installed('huey')}, with Python's SQLite {sqlite3.sqlite_version}",
        "FlexiQ": installed("flexiq"),
        "sitq": f"{sitq()}, with Python's SQLite {sqlite3.sqlite_version}",
        "rounds": str(rounds),
    }


def workflow_facts(folder: Path, rounds: int) -> dict[str, str]:
    """The same of the workflows' page."""
    peers = {name: installed(name) for name in ("joblib", "numpy", "pandas")}
    fuse = {"Function Fuse": function_fuse()}
    return (
        common(folder) | {"holdall": holdall.__version__} | fuse | peers | {"rounds": str(rounds)}
    )


def function_fuse() -> str:
    """It has one version, so the commit says more; what fetches it writes that beside it."""
    spec = find_spec("functionfuse")
    if spec is None or spec.origin is None:
        return "did not install here"
    commit = Path(spec.origin).parents[1] / "COMMIT"
    return (
        f"commit {commit.read_text('utf-8').strip()}" if commit.is_file() else "from its repository"
    )


def sitq() -> str:
    """The queue of this name; the package index has another library under it."""
    try:
        from sitq import SQLiteBackend  # noqa: F401
    except ImportError:
        return "did not install here"
    try:
        return version("sitq")
    except PackageNotFoundError:
        return "from its repository"


def common(folder: Path) -> dict[str, str]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} CPUs, {platform.machine()}, {load()}",
        "kernel": f"{platform.system()} {platform.release()}, files on {file_system(folder)}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "did not install here"


def load() -> str:
    # Above the number of CPUs, something else was running.
    return f"load average {os.getloadavg()[0]:.1f} before the run"


def bundled_sqlite() -> str:
    """The version in a database's header is that of the library that wrote it."""
    with TemporaryDirectory(prefix="holdall-bench-") as folder:
        path = Path(folder, "version.db")
        with holdall.get_store(f"sqlite:///{path}") as store:
            store.put("key", "value")
        number = int.from_bytes(path.read_bytes()[96:100], "big")
    return f"{number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"


def file_system(folder: Path) -> str:
    """The kind of file system that a folder is on, as far as the kernel says."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "a file system of unknown kind"
    found = [line.split()[1:3] for line in mounts.read_text("utf-8").splitlines()]
    holding = [(len(Path(at).parts), kind) for at, kind in found if folder.is_relative_to(at)]
    return max(holding)[1] if holding else "a file system of unknown kind"
