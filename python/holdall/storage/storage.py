"""What every storage does."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from fnmatch import fnmatchcase
from typing import Any

from holdall import _holdall as engine
from holdall.errors import (
    DoesNotExist,
    HoldallError,
    NotAFrame,
    UntrustedPayloadError,
    ValidationError,
)
from holdall.serializers._beside import references_of
from holdall.serializers._registry import Registry
from holdall.storage import _fuse
from holdall.storage.entry import Entry
from holdall.storage.medium import Medium, ProtocolsOf

__all__ = ["Storage"]


class Storage:
    """Where a workflow keeps the results of its nodes; `storage_factory` makes one.

    Thread-safe, safe to fork, picklable (by its options). What is kept is signed and verified when
    it is read. A save is done whole or not at all.
    """

    always_read: bool = False
    """Whether a runner reads back each result that it saved."""

    def __init__(
        self,
        medium: Medium,
        recipe: Mapping[str, Any],
        *,
        trust: str | None = None,
        keyset: Any = None,
    ) -> None:
        """Take a place for entries, and the options that make it again."""
        self._medium = medium
        self._recipe = dict(recipe)
        self._trust = trust
        self._keyset = keyset
        self._registry = Registry()

    def __reduce__(self) -> tuple[Any, ...]:
        return reopen, (self._recipe, self.always_read, tuple(self._registry))

    def __repr__(self) -> str:
        return f"storage_factory({self._recipe!r})"

    # What Function Fuse's storages do.

    def save(self, workflow_name: str, task_name: str, obj: Any) -> None:
        """Keep a value under a name, whatever it came from."""
        self.keep(workflow_name, task_name, "", obj, {})

    def read_task(self, workflow_name: str, task_name: str) -> Any:
        """Return the newest value that is kept under a name.

        Data is read whoever wrote it; what could run code only if the keyset signed it.
        Raises DoesNotExist, a FileNotFoundError, without one; CorruptFrame for a damaged one;
        UntrustedPayloadError for one that somebody else may have written.
        """
        try:
            kept = self._medium.look(workflow_name, task_name, None, foreign=True)
        except NotAFrame:
            return self._foreign(workflow_name, task_name)
        if kept is None:
            raise self._missing(workflow_name, task_name)
        return self._value(kept)

    def list_tasks(self, workflow_name: str, pattern: str = "*") -> list[str]:
        """Return the names under which something is kept, sorted: those that a glob fits."""
        names = self._medium.names(workflow_name)
        return [name for name in names if fnmatchcase(name, pattern)]

    def file_exists(self, workflow_name: str, task_name: str) -> bool:
        """Say whether something is kept under a name."""
        return self._medium.exists(workflow_name, task_name)

    def remove_task(
        self, workflow_name: str, task_name: str | None = None, pattern: str | None = None
    ) -> None:
        """Remove what is kept under a name, or under all names that a glob fits.

        The pattern wins. Older entries and side data go, too.
        Raises DoesNotExist if nothing is kept under the name.
        """
        if pattern is not None:
            names = self.list_tasks(workflow_name, pattern)
        elif task_name is not None:
            names = [task_name]
        else:
            raise ValidationError("remove_task takes a task_name or a pattern; to remove all, '*'")
        self._discard(self._medium.remove(workflow_name, names)[1])

    def remove_workflow(self, workflow_name: str) -> None:
        """Remove a workflow with all that is kept in it."""
        beside = self._medium.remove_workflow(workflow_name)[1]
        self._discard(beside)
        if beside:
            self._medium.clear(workflow_name)

    def new_workflow(self, workflow_name: str) -> None:
        """Make a place for a workflow; `save` makes it too."""
        self._medium.new_workflow(workflow_name)

    def register_persistent_serializers(self, *serializers: Any) -> None:
        """Register classes or objects that write types of their own beside a value.

        See `holdall.serializers`. Raises ValidationError for what is no serializer.
        """
        self._registry.register(*serializers)

    def have_serializers(self) -> bool:
        """Say whether any is registered."""
        return bool(self._registry)

    # What runners and `memo` ask.

    def look(self, workflow: str, name: str, key: str) -> Entry | None:
        """Return what is said of the entry of a key, verified, without its value.

        Raises CorruptFrame for a damaged one, UntrustedPayloadError for one that the keyset did
        not sign or that was written for another place.
        """
        kept = self._medium.look(workflow, name, key)
        return None if kept is None else Entry(*kept.fields(), kept)

    def newest(self, workflow: str, name: str) -> Entry | None:
        """Return what is said of the newest entry of a name, as `look`."""
        kept = self._medium.look(workflow, name, None)
        return None if kept is None else Entry(*kept.fields(), kept)

    def load(self, entry: Entry) -> Any:
        """Return an entry's value, verified.

        Raises CorruptFrame for a damaged one; Conflict if the entry was replaced or removed since
        it was looked at.
        """
        return self._value(entry._kept)  # noqa: SLF001 - the storage's own part of it

    def keep(self, workflow: str, name: str, key: str, obj: Any, about: Mapping[str, Any]) -> Entry:
        """Keep a value as the newest of a name.

        key: 64 hexadecimal digits; or "", and then the name alone is the key.
        about: what is known of it: result, items, parts, seconds.
        The former newest stays as an older one if its key was another. On any failure nothing is
        left, and what was kept stays.
        """
        said: dict[str, Any] = {
            "result": about.get("result"),
            "items": dict(about.get("items") or {}),
            "parts": dict(about.get("parts") or {}),
            "seconds": float(about.get("seconds") or 0),
        }
        if not self._registry:
            frame = engine.dumps(obj, keyset=self._keyset)
            kept, replaced = self._medium.keep(workflow, name, key, frame, **said, side=None)
        else:
            kept, replaced = self._keep_beside(workflow, name, key, obj, said)
        if replaced:
            self._discard(replaced)
        return Entry(*kept.fields(), kept)

    def claim(self, workflow: str, name: str, key: str) -> AbstractContextManager[Any]:
        """Return a context manager that one at a time is in, among threads and processes.

        It is handed over when its holder dies. Ctrl-C ends the wait.
        """
        return self._medium.claim(workflow, name, key)

    def prune(self, workflow: str | None = None, keep: int = 1) -> int:
        """Remove all but the newest entries of each name, and return how many went.

        workflow: by default all of them.
        """
        if keep < 1:
            raise ValidationError(f"keep={keep!r} is not 1 or more; remove_task() removes them all")
        removed = 0
        for each in self._medium.workflows() if workflow is None else [workflow]:
            count, beside = self._medium.prune(each, keep)
            self._discard(beside)
            removed += count
        return removed

    def _keep_beside(
        self, workflow: str, name: str, key: str, obj: Any, said: dict[str, Any]
    ) -> tuple[engine.Kept, list[engine.Kept]]:
        medium = self._medium
        try:
            # Whoever looks for what killed writers left behind leaves this name alone.
            with medium.saving(workflow, name):
                draft = medium.draft(workflow, name)
                try:
                    frame, refers = engine.dumps_with(
                        obj, draft.writing(self._registry), keyset=self._keyset
                    )
                    side = None
                    if refers:
                        side = draft.publish()
                    else:
                        draft.remove()
                    return medium.keep(workflow, name, key, frame, **said, side=side)
                except BaseException:
                    draft.remove()
                    raise
        except BaseException:
            medium.clear_side(workflow, name)
            raise

    def _value(self, kept: engine.Kept) -> Any:
        frame = self._medium.frame(kept)
        # Its own signature would do for any place, so what says where it belongs must be vouched for.
        if kept.foreign and self._trust != "all" and engine.Kept.is_active(frame):
            raise UntrustedPayloadError(
                "the entry is signed with a key that the keyset does not hold, and its value could "
                "run code; share the keyset of the machine that wrote it"
            )
        if kept.side is None or not self._registry:
            return engine.loads(frame, trust=self._trust, keyset=self._keyset)
        workflow, name, *_ = kept.fields()
        reading = self._medium.reading(workflow, name, self._registry)
        return engine.loads_with(frame, reading, trust=self._trust, keyset=self._keyset)

    def _discard(self, entries: list[engine.Kept]) -> None:
        """Remove the side data of entries that are gone."""
        names: dict[tuple[str, str], None] = {}
        for kept in entries:
            workflow, name, *_ = kept.fields()
            names[workflow, name] = None
            # Whatever a serializer makes of it, the folder goes.
            with suppress(Exception):
                remove(kept, self._registry, self._medium.protocols(workflow, name))
        for workflow, name in names:
            self._medium.clear_side(workflow, name)

    def _foreign(self, workflow: str, name: str) -> Any:
        if self._trust == "all":
            data = self._medium.bytes(workflow, name)
            if data is None:
                raise self._missing(workflow, name)
            try:
                return _fuse.loads(data, self._registry, self._medium.bigdata(workflow))
            except HoldallError as error:
                error.about(f"{name!r} in the workflow {workflow!r}")
                raise
        raise UntrustedPayloadError(
            f"what is kept of {name!r} in the workflow {workflow!r} is no entry of holdall's; if "
            'Function Fuse wrote it and you trust whoever ran it, read it with trust="all"'
        )

    def _missing(self, workflow: str, name: str) -> DoesNotExist:
        return DoesNotExist(
            f"nothing is kept of {name!r} in the workflow {workflow!r}; "
            "list what is with list_tasks()"
        )


def remove(kept: engine.Kept, registry: Registry, protocols_of: ProtocolsOf) -> None:
    """Have the serializers remove what they wrote beside the value of an entry that is gone."""
    payload = kept.payload()
    found = None if payload is None else references_of(payload)
    if found is None:
        return
    token, references = found
    for number, (name, pid, _) in enumerate(references):
        with suppress(Exception):
            registry.named(name).remove(pid, protocols_of(token, number))


def reopen(recipe: Mapping[str, Any], always_read: bool, serializers: tuple[Any, ...]) -> Storage:
    """Make a pickled storage again."""
    from holdall.storage.factory import storage_factory

    storage = storage_factory(recipe)
    storage.always_read = always_read
    storage.register_persistent_serializers(*serializers)
    return storage
