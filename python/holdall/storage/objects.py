"""Entries in a place of keys and bytes, which writes one object at a time, whole or not at all."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from holdall._holdall import Entries, Kept
from holdall.errors import Conflict, CorruptFrame, DoesNotExist, HoldallError
from holdall.serializers._beside import Reading
from holdall.serializers._registry import Registry
from holdall.storage.medium import Draft, ProtocolsOf

__all__ = ["Objects"]

# How much of an object is read at first: all of a small entry.
GLANCE = 16 * 1024
# Side data that no entry refers to is under construction at first, and left behind after this time.
OLD = 3600.0
SIDE = ".side"
DIGITS = "0123456789abcdef"


class Objects(ABC):
    """A medium over a few verbs. The keys are the paths that files would have.

    Nobody is locked out while an entry is saved: of two saves of one name the later one wins. If both
    have other keys than the newest, the earlier may be lost, and is computed again.
    """

    def __init__(self, *, trust: str | None, keyset: Any) -> None:
        """Take what entries are signed and verified with."""
        self._entries = Entries(trust=trust, keyset=keyset)
        self._swept: set[str] = set()

    # The verbs.

    @abstractmethod
    def _head(self, key: str, size: int) -> tuple[bytes, int] | None:
        """Return at least so much of an object as there is of it, and its whole size."""

    @abstractmethod
    def _get(self, key: str) -> bytes | None:
        """Return an object."""

    @abstractmethod
    def _put(self, key: str, data: bytes) -> None:
        """Write an object in place of any other."""

    @abstractmethod
    def _delete(self, keys: list[str]) -> None:
        """Remove objects, as far as they are there."""

    @abstractmethod
    def _list(self, prefix: str) -> Iterable[tuple[str, float]]:
        """Yield the keys behind a prefix that ends in "/", and when each was written."""

    @abstractmethod
    def _lock(self, key: str) -> AbstractContextManager[Any]:
        """Return what keeps others from a key while a block runs."""

    @abstractmethod
    def draft(self, workflow: str, name: str) -> Draft:
        """Return a new folder for side data."""

    @abstractmethod
    def reading(self, workflow: str, name: str, registry: Registry) -> Reading:
        """Return what a value with side data is read with."""

    @abstractmethod
    def protocols(self, workflow: str, name: str) -> ProtocolsOf:
        """Return what side data is removed with."""

    @abstractmethod
    def bigdata(self, workflow: str) -> Mapping[str, Any]:
        """Return the protocols of the side data that Function Fuse wrote, to be read."""

    # What is made of them.

    def look(
        self, workflow: str, name: str, key: str | None, *, foreign: bool = False
    ) -> Kept | None:
        """Return what is said of the entry of a key, or of the newest one if the key is None."""
        path = self._path(workflow, name)
        if key is not None:
            Entries.check(key)
        try:
            # The newest may be another key's, which is not said against it.
            newest = self._read(path, workflow, name, None, foreign=True)
        except HoldallError:
            # What lies behind a damaged one is as good as ever.
            older = self._older_or_none(path, workflow, name, key, foreign)
            if older is None:
                raise
            return older
        if newest is None:
            return None
        if key is None or newest.fields()[2] == key:
            return newest if foreign or not newest.foreign else self._vouched(path, newest)
        return self._read(older_path(path, key), workflow, name, key, foreign=foreign)

    def frame(self, kept: Kept) -> bytes:
        """Return the frame of an entry's value, checked."""
        known = kept.known()
        if known is not None:
            return known
        workflow, name, key, *_ = kept.fields()
        path = self._path(workflow, name)
        for each in (path, older_path(path, key)):
            data = self._get(each)
            if data is None:
                continue
            found = self._entries.read(data, len(data), workflow, name, None, foreign=True)
            if kept.is_same(found):
                frame = found.known()
                assert frame is not None  # noqa: S101 - all of the entry was read
                return frame
        raise Conflict(
            f"the entry of {name!r} in the workflow {workflow!r} was replaced or removed since it "
            "was looked at; look again"
        )

    def keep(
        self, workflow: str, name: str, key: str, frame: bytes, **said: Any
    ) -> tuple[Kept, list[Kept]]:
        """Keep an entry; return what is said of it, and those it replaced that have side data."""
        front, kept = self._entries.write(workflow, name, key, frame, **said)
        path = self._path(workflow, name)
        self._sweep_once(workflow)
        replaced = self._set_aside(path, workflow, name, key)
        self._put(path, front + frame)
        self._delete([older_path(path, key)])
        return kept, replaced

    def claim(self, workflow: str, name: str, key: str) -> AbstractContextManager[Any]:
        """Return what keeps others from a key while a block runs."""
        Entries.check(key)
        return self._lock(older_path(f"{self._folder(workflow)}.lock/{Entries.file(name)}", key))

    def saving(self, workflow: str, name: str) -> AbstractContextManager[Any]:
        """Return what keeps others from removing the side data that is written for a name."""
        return self._saving(workflow, Entries.file(name))

    def bytes(self, workflow: str, name: str) -> bytes | None:
        """Return all that is kept of the newest entry of a name, whatever it is."""
        return self._get(self._path(workflow, name))

    def exists(self, workflow: str, name: str) -> bool:
        """Say whether a name has an entry."""
        return self._head(self._path(workflow, name), 1) is not None

    def names(self, workflow: str) -> list[str]:
        """Return the names that have entries, sorted."""
        families = self._families(workflow)
        found = (self._name_in(workflow, file) for file in families if file in families[file])
        return sorted(name for name in found if name is not None)

    def new_workflow(self, workflow: str) -> None:
        """Make nothing: a place of keys has no folders."""
        del workflow

    def workflows(self) -> list[str]:
        """Return the workflows that are there, sorted."""
        files = {key.partition("/")[0] for key, _ in self._list("") if "/" in key}
        names = (Entries.name(file) for file in files)
        return sorted(name for name in names if name is not None)

    def remove(self, workflow: str, names: list[str]) -> tuple[int, list[Kept]]:
        """Remove all entries of some names; return how many, and those that have side data."""
        families = self._families(workflow)
        count, beside = 0, []
        for name in names:
            file = Entries.file(name)
            if file not in families.get(file, ()):
                raise DoesNotExist(
                    f"nothing is kept of {name!r} in the workflow {workflow!r}; "
                    "list what is with list_tasks()"
                )
            beside += self._remove(workflow, name, families[file])
            count += len(families[file])
        return count, beside

    def remove_workflow(self, workflow: str) -> tuple[int, list[Kept]]:
        """Remove a workflow; return how many entries, and those that have side data."""
        count, beside = 0, []
        for file, members in self._families(workflow).items():
            beside += self._remove(workflow, self._name_in(workflow, file) or "", members)
            count += len(members)
        if not beside:
            self.clear(workflow)
        return count, beside

    def prune(self, workflow: str, keep: int) -> tuple[int, list[Kept]]:
        """Remove all but the newest entries of each name; return as `remove`."""
        count, beside = 0, []
        for file, members in self._families(workflow).items():
            older = [member for member in members if member != file]
            spare = max(0, len(members) - keep)
            if spare:
                older.sort(key=lambda member: self._created(workflow, member))
                name = self._name_in(workflow, file) or ""
                beside += self._remove(workflow, name, older[:spare])
                count += spare
        return count, beside

    def clear(self, workflow: str) -> None:
        """Remove what is left of a workflow."""
        folder = self._folder(workflow)
        self._delete([folder + key for key, _ in self._list(folder)])

    def clear_side(self, workflow: str, name: str) -> None:
        """Remove the side data of a name that no entry refers to."""
        self._clear_side(workflow, Entries.file(name))

    # Parts of that.

    def _folder(self, workflow: str) -> str:
        return f"{Entries.file(workflow)}/"

    def _path(self, workflow: str, name: str) -> str:
        return self._folder(workflow) + Entries.file(name)

    def _read(
        self, path: str, workflow: str, name: str, key: str | None, *, foreign: bool
    ) -> Kept | None:
        """Return what an object says, or None without one."""
        # An object that is replaced between two reads does not fit together, once.
        for last in (False, True):
            found = self._head(path, GLANCE)
            if found is None:
                return None
            start, size = found
            try:
                longer = Entries.length(start)
                if longer > len(start) < size:
                    start, size = self._head(path, longer) or (b"", 0)
                # No more of it is kept in memory than of a file.
                start = start[: max(longer, GLANCE)]
                return self._entries.read(start, size, workflow, name, key, foreign=foreign)
            except CorruptFrame:
                if last or size <= GLANCE:
                    raise
        return None

    def _set_aside(self, path: str, workflow: str, name: str, key: str) -> list[Kept]:
        """Copy the newest entry to where older ones lie, if its key is another.

        Return those that are replaced and have side data.
        """
        former = self._get(path)
        if former is None:
            return []
        try:
            found = self._entries.read(former, len(former), workflow, name, None, foreign=True)
        except HoldallError:
            # What cannot be read, or is no entry, is not worth keeping.
            return []
        if found.fields()[2] == key:
            return [found] if found.side is not None and not found.foreign else []
        self._put(older_path(path, found.fields()[2]), former)
        same = self._whole(older_path(path, key), workflow, name)
        return [] if same is None else [same]

    def _older_or_none(
        self, path: str, workflow: str, name: str, key: str | None, foreign: bool
    ) -> Kept | None:
        if key is None:
            return None
        try:
            return self._read(older_path(path, key), workflow, name, key, foreign=foreign)
        except HoldallError:
            return None

    def _vouched(self, path: str, kept: Kept) -> Kept | None:
        """Read again, for the reason why nobody vouches for it."""
        workflow, name, key, *_ = kept.fields()
        return self._read(path, workflow, name, key, foreign=False)

    def _whole(self, path: str, workflow: str, name: str) -> Kept | None:
        """Return a whole entry if it is there, can be trusted, and has side data."""
        data = self._get(path)
        if data is None:
            return None
        try:
            kept = self._entries.read(data, len(data), workflow, name, None)
        except HoldallError:
            return None
        return kept if kept.side is not None else None

    def _families(self, workflow: str) -> dict[str, list[str]]:
        """Return the files of each name's entries, the newest last, by the newest's."""
        folder = self._folder(workflow)
        families: dict[str, list[str]] = {}
        for member, _ in self._list(folder):
            file, mark, key = member.partition("@")
            whose = Entries.name(file) is not None or Entries.is_hash(file)
            # What has no key there is somebody else's.
            whose = whose and (not mark or (len(key) in {0, 32} and not key.strip(DIGITS)))
            if "/" not in member and not member.startswith(".") and whose:
                families.setdefault(file, []).append(member)
        return {
            file: sorted(members, key=lambda member: "@" not in member)
            for file, members in families.items()
        }

    def _peek(self, workflow: str, file: str) -> Kept | None:
        """Return what an entry says on nobody's word, if it can be read."""
        found = self._head(self._folder(workflow) + file, GLANCE)
        try:
            if found is not None and (length := Entries.length(found[0])) > len(found[0]):
                found = self._head(self._folder(workflow) + file, length)
            return None if found is None else Entries.peek(found[0])
        except HoldallError:
            return None

    def _name_in(self, workflow: str, file: str) -> str | None:
        """Return the name of a file, which its entry says where it is too long."""
        if not Entries.is_hash(file):
            return Entries.name(file)
        kept = self._peek(workflow, file)
        name = None if kept is None else kept.fields()[1]
        return name if name is not None and Entries.file(name) == file else None

    def _created(self, workflow: str, file: str) -> float:
        kept = self._peek(workflow, file)
        return 0.0 if kept is None else kept.fields()[7]

    def _remove(self, workflow: str, name: str, members: list[str]) -> list[Kept]:
        """Remove some entries of a name, the newest last."""
        folder = self._folder(workflow)
        beside = [self._whole(folder + member, workflow, name) for member in members]
        for member in members:
            self._delete([folder + member])
        found = [kept for kept in beside if kept is not None]
        if not found and members:
            self._clear_side(workflow, members[0].partition("@")[0])
        return found

    def _saving(self, workflow: str, file: str) -> AbstractContextManager[Any]:
        # A claim's lock has a key behind its name.
        return self._lock(f"{self._folder(workflow)}.lock/{file}")

    def _clear_side(self, workflow: str, file: str) -> None:
        """Remove the side data that no entry of a file refers to, while nobody writes some."""
        with self._saving(workflow, file):
            self._sweep_side(workflow, file, old=0.0)

    def _sides(self, workflow: str) -> Iterator[tuple[str, str, str, float]]:
        """Yield file, token and key of the side data of a workflow, and when it was written."""
        folder = f"{self._folder(workflow)}{SIDE}/"
        for key, written in self._list(folder):
            file, _, rest = key.partition("/")
            yield file, rest.partition("/")[0], folder + key, written

    def _sweep_once(self, workflow: str) -> None:
        """Remove what killed writers left behind, before this process writes for the first time."""
        if workflow in self._swept:
            return
        self._swept.add(workflow)
        for file in {file for file, *_ in self._sides(workflow)}:
            self._sweep_side(workflow, file, old=OLD)

    def _sweep_side(self, workflow: str, file: str, *, old: float) -> None:
        """Remove the side data that no entry of a file refers to."""
        sides = [side for side in self._sides(workflow) if side[0] == file]
        if not sides:
            return
        used = set()
        for member in self._families(workflow).get(file, ()):
            kept = self._peek(workflow, member)
            if kept is None:
                # As long as it cannot be read, nobody knows what it refers to.
                return
            used.add(kept.side)
        before = time.time() - old
        self._delete(
            [key for _, token, key, at in sides if token not in used and (not old or at < before)]
        )


def older_path(path: str, key: str) -> str:
    """Return the path of an older entry."""
    return f"{path}@{key[:32]}"
