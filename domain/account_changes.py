"""What changed in any of a user's workspaces: which of them moved, were joined, or are not theirs any more.

A cursor has what its client knows: for each workspace a digest of its id, and its head. Everything that changes for the
client raises the head: a rename, a role, whatever is in the workspace. So the difference between a cursor and the heads
of now is exact, whatever happened in between, and nothing is stored for a client. The digest does not lead back to the
id: the id of a workspace that the user is not in any more is found among their departures.

Source: ADR 106.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Final, Self
from uuid import UUID

from domain import pages
from domain.model.changes import CursorExpired
from domain.model.workspaces import WorkspaceChange, WorkspaceRepository
from domain.pages import DEFAULT_LIMIT, CursorInvalid
from domain.principals import Principal
from domain.unit_of_work import UnitOfWork
from domain.workspaces import MOST

MOST_DEPARTURES: Final = 1000
"""How many departures are read to find an id."""

_WRONG: Final = (
    "This cursor is not yours, or from a token for other workspaces. Start again with the list, without a cursor."
)
_VERSION: Final = b"\x01"
_KEY_BYTES: Final = 6
"""Two of 500 workspaces have the same digest in one account of 2,000,000,000."""
_HEAD_BYTES: Final = 3
_HEADS: Final = 1 << (8 * _HEAD_BYTES)
"""A head is known but for multiples of this: nobody misses 16,777,216 changes exactly."""
_ENTRY_BYTES: Final = _KEY_BYTES + _HEAD_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """Some of the differences, and the cursor of a client that has applied them."""

    items: Sequence[WorkspaceChange]
    known: "Known"
    has_more: bool

    @property
    def next_cursor(self) -> str:
        """Where to continue."""
        return self.known.cursor


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> AccountChanges:
    """Return what changed in the caller's workspaces, in which their token works, since *cursor*; without one, all.

    Raises CursorInvalid; CursorExpired if a workspace that the caller left since is not known any more.
    """
    known = Known.parse(cursor, binding_of(uow.principal))
    current = await heads(uow.workspaces, uow.principal)
    return await differences(uow.workspaces, uow.principal, known=known, current=current, limit=limit)


async def heads(workspaces: WorkspaceRepository, principal: Principal) -> Sequence[WorkspaceChange]:
    """Return the heads of the caller's workspaces, in which their token works."""
    return await workspaces.heads(principal.user_id, only=principal.workspace_ids)


async def differences(
    workspaces: WorkspaceRepository,
    principal: Principal,
    *,
    known: "Known",
    current: Sequence[WorkspaceChange],
    limit: int,
) -> AccountChanges:
    """Return the first differences between what a client knows and the *current* heads. Raises CursorExpired."""
    departed: Sequence[UUID] = ()
    if known.has_more_than(current):
        departed = await workspaces.departures(principal.user_id, limit=MOST_DEPARTURES)
    return known.compared(current, departed=departed, limit=limit)


def binding_of(principal: Principal) -> str:
    """What a cursor is bound to: the user, and the workspaces in which the token works."""
    some = "all" if principal.workspace_ids is None else " ".join(sorted(each.hex for each in principal.workspace_ids))
    return f"my changes {principal.user_id} {some}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a client knows: the end of the head of each workspace, by the digest of its id."""

    binding: str
    heads: Mapping[bytes, int]

    @classmethod
    def parse(cls, cursor: str | None, binding: str) -> Self:
        """Return what is in a cursor; without one, nothing is known. Raises CursorInvalid."""
        if cursor is None:
            return cls(binding=binding, heads={})
        try:
            body = pages.unsealed(cursor, binding)
        except CursorInvalid as error:
            raise CursorInvalid(_WRONG) from error
        entries = [body[at : at + _ENTRY_BYTES] for at in range(len(_VERSION), len(body), _ENTRY_BYTES)]
        is_ours = body.startswith(_VERSION) and len(body) == len(_VERSION) + len(entries) * _ENTRY_BYTES
        keys = [entry[:_KEY_BYTES] for entry in entries]
        if not is_ours or len(entries) > MOST or any(one >= other for one, other in pairwise(keys)):
            raise CursorInvalid(_WRONG)
        heads = [int.from_bytes(entry[_KEY_BYTES:], "big") for entry in entries]
        return cls(binding=binding, heads=dict(zip(keys, heads, strict=True)))

    @property
    def cursor(self) -> str:
        """The cursor of a client that knows this: at most 6,014 characters."""
        entries = [key + head.to_bytes(_HEAD_BYTES, "big") for key, head in sorted(self.heads.items())]
        return pages.sealed(self.binding, _VERSION + b"".join(entries))

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
        known = Known(binding=self.binding, heads=heads)
        return AccountChanges(items=items, known=known, has_more=len(changes) > limit)


def _key(workspace_id: UUID) -> bytes:
    return blake2b(workspace_id.bytes, digest_size=_KEY_BYTES).digest()


def _end_of(change: WorkspaceChange) -> int | None:
    return None if change.head is None else change.head % _HEADS
