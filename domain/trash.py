"""The trash: where deleted things are until they are restored or purged, and in which order several requests do that.

A deletion has an entry (`TrashEntry`), whose id is in the rows of everything that it took. What was deleted before, by
itself, has an entry of its own, so a restoration brings back what one deletion took, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain import pages, steps
from domain.model.trash import KEPT, ChangedMeanwhile, TrashEntry, TrashKind, TrashQuery
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork


async def page(
    uow: UnitOfWork, *, kind: TrashKind | None = None, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[TrashEntry]:
    """Return what was deleted in the workspace, newest first. Raises CursorInvalid."""

    async def fetch(after: UUID | None, count: int) -> Sequence[TrashEntry]:
        return await uow.trash.page(
            TrashQuery(workspace_id=uow.workspace_id, kind=kind, now=uow.now, after=after, limit=count)
        )

    binding = f"trash {uow.workspace_id} {kind}"
    return await pages.by_id(fetch, id_of=lambda entry: entry.id, binding=binding, limit=limit, cursor=cursor)


async def empty(uow: UnitOfWork) -> None:
    """Delete all that is in the trash for good, the oldest first, in steps (ADR 81).

    What is half deleted has expired: nobody can restore the rest, and a restoration that has begun stops.
    """

    async def purge_some(limit: int) -> int:
        count = 0
        while count < limit and (entry := await uow.trash.oldest(uow.workspace_id)) is not None:
            ended = replace(entry, expires_at=min(entry.expires_at, uow.now), is_restoring=False)
            if ended != entry:
                await uow.trash.update(ended)
            count += await uow.trash.purge(ended, limit=limit - count)
        return count

    await steps.in_steps(uow, purge_some)


async def _add(uow: UnitOfWork, kind: TrashKind, thing_id: UUID, *, title: str, taken: int = 0) -> TrashEntry:
    """Add an entry."""
    entry = TrashEntry(
        id=uow.new_id(),
        workspace_id=uow.workspace_id,
        kind=kind,
        thing_id=thing_id,
        title=title,
        deleted_at=uow.now,
        deleted_by=uow.principal.user_id,
        expires_at=uow.now + KEPT,
        taken=taken,
        is_restoring=False,
    )
    await uow.trash.add(entry)
    return entry


async def find(uow: UnitOfWork, kind: TrashKind, thing_id: UUID) -> TrashEntry | None:
    """Return the entry of a thing, if it has not expired."""
    entry = await uow.trash.of(uow.workspace_id, kind, thing_id)
    return entry if entry is not None and entry.expires_at > uow.now else None


class Deletion:
    """A deletion in steps (ADR 81). A restoration that begins meanwhile stops it, and the other way round.

    One that was interrupted and is repeated goes on with its entry, which is kept for the full time again.
    """

    def __init__(self, kind: TrashKind, thing_id: UUID) -> None:
        self._kind: TrashKind = kind
        self._thing_id = thing_id
        self._entry: TrashEntry | None = None

    async def step(self, uow: UnitOfWork, *, title: str) -> UUID:
        """Return the id of the entry, which the first step creates, unless a deletion was interrupted before.

        Raises ChangedMeanwhile.
        """
        entry = await uow.trash.of(uow.workspace_id, self._kind, self._thing_id)
        if self._entry is None:
            self._entry = await self._begin(uow, entry, title=title)
        elif entry is None or entry.id != self._entry.id or entry.is_restoring:
            raise ChangedMeanwhile
        else:
            self._entry = entry
        return self._entry.id

    async def _begin(self, uow: UnitOfWork, entry: TrashEntry | None, *, title: str) -> TrashEntry:
        if entry is None:
            return await _add(uow, self._kind, self._thing_id, title=title)
        again = replace(
            entry,
            title=title,
            deleted_at=uow.now,
            deleted_by=uow.principal.user_id,
            expires_at=uow.now + KEPT,
            is_restoring=False,
        )
        await uow.trash.update(again)
        return again

    @property
    def entry_id(self) -> UUID:
        """The id of the entry, after the first step."""
        assert self._entry is not None
        return self._entry.id

    async def took(self, uow: UnitOfWork, count: int) -> None:
        """Add to how many things this step took along."""
        assert self._entry is not None
        if count:
            self._entry = replace(self._entry, taken=self._entry.taken + count)
            await uow.trash.update(self._entry)


class Restoration:
    """A restoration in steps, as a Deletion. It does not expire before it has ended."""

    def __init__(self, kind: TrashKind, thing_id: UUID) -> None:
        self._kind: TrashKind = kind
        self._thing_id = thing_id
        self._entry: TrashEntry | None = None

    async def step(self, uow: UnitOfWork) -> TrashEntry | None:
        """Return the entry; None in the first step if the thing is not in the trash. Raises ChangedMeanwhile."""
        if self._entry is None:
            found = await find(uow, self._kind, self._thing_id)
            if found is None:
                return None
            self._entry = replace(found, is_restoring=True, expires_at=uow.now + KEPT)
            await uow.trash.update(self._entry)
            return self._entry
        entry = await uow.trash.of(uow.workspace_id, self._kind, self._thing_id)
        if entry is None or entry.id != self._entry.id or not entry.is_restoring:
            raise ChangedMeanwhile
        self._entry = entry
        return entry

    async def gave_back(self, uow: UnitOfWork, count: int) -> None:
        """Subtract how many things this step gave back, if the entry has others: the restoration may not go on."""
        assert self._entry is not None
        self._entry = replace(self._entry, taken=max(0, self._entry.taken - count))
        await uow.trash.update(self._entry)

    async def end(self, uow: UnitOfWork) -> None:
        """Delete the entry, in the last step."""
        if self._entry is not None:
            await uow.trash.remove(uow.workspace_id, self._entry.id)
