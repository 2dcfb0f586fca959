"""Looks up many tokens in few statements: those of open streams, each of which asks again and again.

A token that is looked up for the first time has its own statement, in the module of its kind.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, or_, select

from domain.model.identities import Identity
from domain.principals import Membership, Principal
from domain.roles import Role
from persistence.compiled import Row, padded
from persistence.identities import identities
from persistence.memberships import members
from persistence.runners import Runner
from persistence.sessions import access_tokens, sessions
from persistence.tokens import limits_of, personal_tokens

Key = TypeVar("Key", bytes, str)
Place = UUID | None
_NOWHERE: Final = UUID(int=0)
_AT_ONCE: Final = 1024
"""How many of them one statement looks up. It has as many tokens and workspaces, and can have 32,766 values."""


def _with_roles(found: Select[Any], user_id: Column[UUID]) -> Select[Any]:
    """The users that *found* finds, with their roles in `:workspaces`: a row for each, or one without."""
    somewhere = members.c.workspace_id.in_(bindparam("workspaces", expanding=True))
    joined = found.outerjoin(members, and_(members.c.user_id == user_id, somewhere))
    return joined.add_columns(members.c.workspace_id, members.c.role)


def _one_of(column: Column[Any]) -> ColumnElement[bool]:
    return column.in_(bindparam("keys", expanding=True))


_OF_SESSIONS: Final = _with_roles(
    select(access_tokens.c.digest, sessions.c.id, sessions.c.user_id, access_tokens.c.expires_at)
    .join_from(access_tokens, sessions, access_tokens.c.session_id == sessions.c.id)
    .where(
        _one_of(access_tokens.c.digest),
        access_tokens.c.expires_at > bindparam("now"),
        sessions.c.expires_at > bindparam("now"),
    ),
    sessions.c.user_id,
)
_OF_TOKENS: Final = _with_roles(
    select(
        personal_tokens.c.digest,
        personal_tokens.c.id,
        personal_tokens.c.user_id,
        personal_tokens.c.scopes,
        personal_tokens.c.workspace_ids,
        personal_tokens.c.expires_at,
    ).where(
        _one_of(personal_tokens.c.digest),
        or_(personal_tokens.c.expires_at.is_(None), personal_tokens.c.expires_at > bindparam("now")),
    ),
    personal_tokens.c.user_id,
)
_OF_IDENTITIES: Final = _with_roles(
    select(identities.c.subject, identities.c.user_id).where(
        identities.c.issuer == bindparam("issuer"), _one_of(identities.c.subject)
    ),
    identities.c.user_id,
)


async def of_sessions(
    runner: Runner, wanted: Collection[tuple[bytes, Place]], *, now: dt.datetime
) -> Mapping[tuple[bytes, Place], Membership]:
    """Return what `sessions.authenticate` returns for each digest and workspace; without those that return None."""

    def principal_of(row: Row) -> Principal:
        return Principal(user_id=row[2], session_id=row[1], expires_at=row[3])

    return _memberships(await _rows(runner, _OF_SESSIONS, wanted, now=now), wanted, principal_of)


async def of_tokens(
    runner: Runner, wanted: Collection[tuple[bytes, Place]], *, now: dt.datetime
) -> Mapping[tuple[bytes, Place], Membership]:
    """Return what `tokens.authenticate` returns for each digest and workspace; without those that return None."""

    def principal_of(row: Row) -> Principal:
        return Principal(
            user_id=row[2], token_id=row[1], scopes=row[3], workspace_ids=limits_of(row[4]), expires_at=row[5]
        )

    return _memberships(await _rows(runner, _OF_TOKENS, wanted, now=now), wanted, principal_of)


async def of_identities(
    runner: Runner, wanted: Collection[tuple[Identity, Place]]
) -> Mapping[tuple[Identity, Place], Membership]:
    """Return what `identities.recognise` returns for each identity and workspace; without those that return None."""
    found: dict[tuple[Identity, Place], Membership] = {}
    for issuer in {identity.issuer for identity, _ in wanted}:  # there is one
        of_issuer = [(identity.subject, place) for identity, place in wanted if identity.issuer == issuer]
        rows = await _rows(runner, _OF_IDENTITIES, of_issuer, issuer=issuer)
        memberships = _memberships(rows, of_issuer, lambda row: Principal(user_id=row[1]))
        found |= {(Identity(issuer=issuer, subject=subject), place): m for (subject, place), m in memberships.items()}
    return found


async def _rows(
    runner: Runner, statement: Select[Any], wanted: Collection[tuple[Key, Place]], **given: object
) -> Sequence[Row]:
    ordered = sorted(wanted, key=itemgetter(0))
    found: list[Row] = []
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        keys = sorted({key for key, _ in some})
        workspaces = sorted({place or _NOWHERE for _, place in some})
        found += await runner.rows(statement, {"keys": padded(keys), "workspaces": padded(workspaces), **given})
    return found


def _memberships(
    rows: Sequence[Row], wanted: Collection[tuple[Key, Place]], principal_of: Callable[[Row], Principal]
) -> Mapping[tuple[Key, Place], Membership]:
    principals = {row[0]: principal_of(row) for row in rows}
    roles: Mapping[tuple[Key, Place], Role] = {(row[0], row[-2]): row[-1] for row in rows}
    found = {}
    for key, place in wanted:
        principal = principals.get(key)
        if principal is not None:
            works_there = principal.workspace_ids is None or place in principal.workspace_ids
            found[key, place] = (principal, roles.get((key, place)) if works_there else None)
    return found
