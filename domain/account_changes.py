"""What changed for a user: which workspaces moved, were joined, or are not theirs any more; which reminders fired.

A cursor has what its client knows: for each workspace a digest of its id, and its head. Everything that changes for the
client raises the head: a rename, a role, whatever is in the workspace. So the difference between a cursor and the heads
of now is exact, whatever happened in between, and nothing is stored for a client. The digest does not lead back to the
id: the id of a workspace that the user is not in any more is found among their departures. Reminders that have fired
are numbered for each user, so a cursor has the number of the last one. A client without a cursor begins with those that
fire from then on.

Source: ADR 106, 116.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise
from typing import Final, Self
from uuid import UUID

from domain import pages
from domain.model.changes import CursorExpired
from domain.model.fired_reminders import FiredReminder
from domain.model.workspaces import AccountHeads, WorkspaceChange
from domain.pages import DEFAULT_LIMIT, CursorInvalid
from domain.principals import Principal
from domain.unit_of_work import UnitOfWork
from domain.workspaces import MOST

MOST_DEPARTURES: Final = 1000
"""How many departures are read to find an id."""

_WRONG: Final = (
    "This cursor is not yours, or from a token for other workspaces. Start again with the list, without a cursor."
)
_VERSION: Final = b"\x02"
_WITHOUT_REMINDERS: Final = b"\x01"
"""The version of servers without reminders. None had fired, so a client with such a cursor gets all of them."""
_FIRED_BYTES: Final = 6
_KEY_BYTES: Final = 6
"""Two of 500 workspaces have the same digest in one account of 2,000,000,000."""
_HEAD_BYTES: Final = 3
_HEADS: Final = 1 << (8 * _HEAD_BYTES)
"""A head is known but for multiples of this: nobody misses 16,777,216 changes exactly."""
_ENTRY_BYTES: Final = _KEY_BYTES + _HEAD_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """Some of the differences, the reminders that have fired, and the cursor of a client that has applied them."""

    items: Sequence[WorkspaceChange]
    fired: Sequence[FiredReminder] = ()
    known: "Known"
    has_more: bool

    @property
    def next_cursor(self) -> str:
        """Where to continue."""
        return self.known.cursor


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> AccountChanges:
    """Return what changed in the caller's workspaces, in which their token works, since *cursor*; without one, all.

    At most *limit* workspaces, and as many reminders. Raises CursorInvalid; CursorExpired if a workspace that the
    caller left since is not known any more, or a reminder has not fired that the cursor knows.
    """
    known = Known.parse(cursor, binding_of(uow.principal))
    reader = AccountReader(uow)
    return await reader.differences(known, await reader.heads(), limit=limit)


class AccountReader:
    """Reads what the cursors of a caller are compared with. It can be used after the unit of work has ended."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._workspaces = uow.workspaces
        self._fired_reminders = uow.fired_reminders
        self._user_id = uow.principal.user_id
        self._only = uow.principal.workspace_ids

    async def heads(self) -> AccountHeads:
        """Return the heads of the caller's workspaces, in which their token works."""
        return await self._workspaces.heads(self._user_id, only=self._only)

    async def differences(self, known: "Known", current: AccountHeads, *, limit: int) -> AccountChanges:
        """Return the first differences between what a client knows and the *current* heads. Raises CursorExpired."""
        departed: Sequence[UUID] = ()
        if known.has_more_than(current.workspaces):
            departed = await self._workspaces.departures(self._user_id, limit=MOST_DEPARTURES)
        found = known.compared(current.workspaces, departed=departed, limit=limit)
        fired = await self._fired(known, current, limit=limit + 1)
        place = fired[limit - 1].number if len(fired) > limit else current.reminders_fired
        mine = {each.workspace_id for each in current.workspaces}
        return replace(
            found,
            fired=[each for each in fired[:limit] if each.workspace_id in mine],
            known=replace(found.known, reminders_fired=place),
            has_more=found.has_more or len(fired) > limit,
        )

    async def _fired(self, known: "Known", current: AccountHeads, *, limit: int) -> Sequence[FiredReminder]:
        """Return the first reminders that have fired since, also in workspaces that the caller does not get."""
        before, now = known.reminders_fired, current.reminders_fired
        if before is None or before == now:
            return ()
        if before > now:  # the cursor is from after the backup that the server was restored from
            raise CursorExpired
        return await self._fired_reminders.between(self._user_id, after=before, to=now, limit=limit)


def binding_of(principal: Principal) -> str:
    """What a cursor is bound to: the user, and the workspaces in which the token works."""
    some = "all" if principal.workspace_ids is None else " ".join(sorted(each.hex for each in principal.workspace_ids))
    return f"my changes {principal.user_id} {some}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a client knows: the end of the head of each workspace, by the digest of its id, and which reminders fired.

    `reminders_fired` is the number of reminders that had fired; None for a client that has not asked yet.
    """

    binding: str
    heads: Mapping[bytes, int]
    reminders_fired: int | None = None

    @classmethod
    def parse(cls, cursor: str | None, binding: str) -> Self:
        """Return what is in a cursor; without one, nothing is known. Raises CursorInvalid."""
        if cursor is None:
            return cls(binding=binding, heads={})
        try:
            body = pages.unsealed(cursor, binding)
        except CursorInvalid as error:
            raise CursorInvalid(_WRONG) from error
        version, fired, entries = body[:1], body[1 : 1 + _FIRED_BYTES], body[1 + _FIRED_BYTES :]
        if version == _WITHOUT_REMINDERS:
            fired, entries = bytes(_FIRED_BYTES), body[1:]
        if version not in {_VERSION, _WITHOUT_REMINDERS} or len(fired) != _FIRED_BYTES:
            raise CursorInvalid(_WRONG)
        return cls(binding=binding, heads=_heads(entries), reminders_fired=int.from_bytes(fired, "big"))

    @property
    def cursor(self) -> str:
        """The cursor of a client that knows this: at most 6,022 characters."""
        fired = (self.reminders_fired or 0).to_bytes(_FIRED_BYTES, "big")
        entries = [key + head.to_bytes(_HEAD_BYTES, "big") for key, head in sorted(self.heads.items())]
        return pages.sealed(self.binding, _VERSION + fired + b"".join(entries))

    def has_more_than(self, current: Collection[WorkspaceChange]) -> bool:
        """Whether the client knows a workspace that is not among the *current* ones."""
        return not self.heads.keys() <= {_key(each.workspace_id) for each in current}

    def compared(self, current: Sequence[WorkspaceChange], *, departed: Sequence[UUID], limit: int) -> AccountChanges:
        """Return the first *limit* differences: what the user is not in any more, then what changed.

        *departed* are ids of workspaces that the user has left. Raises CursorExpired if one that the client knows is
        not among them.
        """
        here = {_key(each.workspace_id) for each in current}
        left = {key: each for each in departed if (key := _key(each)) in self.heads.keys() - here}
        if not self.heads.keys() <= here | left.keys():
            raise CursorExpired
        changes = [WorkspaceChange(workspace_id=each, head=None, role=None) for each in left.values()]
        changes += [each for each in current if self.heads.get(_key(each.workspace_id)) != _end_of(each)]
        items = changes[:limit]
        heads = dict(self.heads)
        for each in items:
            heads.pop(_key(each.workspace_id), None)
            if (end := _end_of(each)) is not None:
                heads[_key(each.workspace_id)] = end
        known = replace(self, heads=heads)
        return AccountChanges(items=items, known=known, has_more=len(changes) > limit)


def _heads(body: bytes) -> Mapping[bytes, int]:
    """Return what a cursor has of workspaces. Raises CursorInvalid."""
    entries = [body[at : at + _ENTRY_BYTES] for at in range(0, len(body), _ENTRY_BYTES)]
    keys = [entry[:_KEY_BYTES] for entry in entries]
    is_ours = len(body) == len(entries) * _ENTRY_BYTES and len(entries) <= MOST
    if not is_ours or any(one >= other for one, other in pairwise(keys)):
        raise CursorInvalid(_WRONG)
    return dict(zip(keys, [int.from_bytes(entry[_KEY_BYTES:], "big") for entry in entries], strict=True))


def _key(workspace_id: UUID) -> bytes:
    return blake2b(workspace_id.bytes, digest_size=_KEY_BYTES).digest()


def _end_of(change: WorkspaceChange) -> int | None:
    return None if change.head is None else change.head % _HEADS
