"""The server's database, read and written past the server: what no operation of the contract does or shows."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, reduce
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Table,
    create_engine,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import greenlet_spawn

from domain import secret_tokens
from domain.model.one_time_tokens import OneTimeKind
from domain.roles import Role
from persistence.invitations import invitations
from persistence.memberships import members, workspaces
from persistence.one_time_tokens import one_time_tokens
from persistence.queued_emails import outbox
from persistence.repositories import metadata
from persistence.sessions import access_tokens, refresh_tokens, sessions
from persistence.tokens import personal_tokens
from persistence.urls import parse_url
from tests.support.patience import PATIENCE_S

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
WRITTEN_LATER = {sessions.c.last_used_at, personal_tokens.c.last_used_at}
"""What the server writes in the background once a minute, after the response of the request it belongs to."""

_STATE: Mapping[str, str] = {
    "sqlite": "PRAGMA data_version",
    "postgresql": "SELECT pg_current_wal_insert_lsn()::text",
}

_BETWEEN_LOOKS_S = 0.005
_AWAITED = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

Result = TypeVar("Result")

Snapshot = Mapping[str, list[dict[str, Any]]]
"""All rows, by table."""


class Tables:
    """Reads and writes rows. `close` ends its connections.

    An SQLite file is used without a thread and a loop in between, which would cost ten times what is asked.
    """

    def __init__(self, url: str) -> None:
        self._loop = asyncio.Runner()
        parsed = parse_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "connect_args": {"timeout": PATIENCE_S}}
            self._engine: Engine = create_engine(parsed.set(drivername="sqlite"), **options)
        else:
            self._engine = create_async_engine(parsed, isolation_level="AUTOCOMMIT", pool_size=2).sync_engine
        self._watching: Connection | None = None
        self._digested: tuple[object, dict[str, str]] | None = None

    def close(self) -> None:
        if self._watching is not None:
            self._run(self._watching.close)
        self._run(self._engine.dispose)
        self._loop.close()

    def _run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What *function* returns, which queries the database."""
        if self.is_sqlite:
            return function(*arguments)
        return self._loop.run(greenlet_spawn(function, *arguments))

    def _connected(self, function: Callable[[Connection], Result]) -> Result:
        """What *function* returns, called with a connection."""

        def run() -> Result:
            with self._engine.connect() as connection:
                return function(connection)

        return self._run(run)

    def rows(self, statement: Executable) -> list[tuple[Any, ...]]:
        return self._connected(lambda connection: [tuple(row) for row in connection.execute(statement)])

    def write(self, statement: Executable) -> None:
        self._connected(lambda connection: connection.execute(statement))

    @contextmanager
    def locked(self, row_id: str, *, of: Table = workspaces) -> Iterator[Callable[[Executable], None]]:
        """Hold the lock on a workspace, or a user, as a slow write does. What is run meanwhile is
        committed in the end.
        """
        connection = self._run(self._engine.connect)

        def run(statement: Executable) -> None:
            self._run(connection.execute, statement)

        self._run(connection.exec_driver_sql, "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        run(select(of.c.id).where(of.c.id == UUID(row_id)).with_for_update())
        try:
            yield run
        finally:
            self._run(connection.exec_driver_sql, "COMMIT")
            self._run(connection.close)

    def until_a_lock_is_awaited(self) -> None:
        """Wait until a transaction waits for a lock of another, after its statement was sent.

        On SQLite a transaction that has not begun sees all that is committed before it begins.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not self.is_sqlite and not self.rows(_AWAITED):
            assert time.monotonic() < deadline, "nothing waits for a lock"
            time.sleep(_BETWEEN_LOOKS_S)

    def digest(self) -> dict[str, str]:
        """A digest of all rows of each table: equal before and after a request that changed nothing.

        It leaves out what the server writes in the background, which may belong to an earlier request. Rows are read
        only if something was written since the last time: nearly all requests that are compared were rejected.
        """
        state = self._run(self._state)
        if self._digested is None or self._digested[0] != state:
            found: dict[str, list[str]] = {table.name: [] for table in metadata.sorted_tables}
            for name, row in self.rows(_every_row(self._engine.dialect.name)):
                found[name].append(row)
            digest = {
                name: hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest() for name, rows in found.items()
            }
            self._digested = state, digest
        return self._digested[1]

    def _state(self) -> object:
        """A state that equals an earlier one only if nothing at all was committed since.

        SQLite: `data_version` counts commits of all connections but the one that asks, which never commits. PostgreSQL:
        the log's position moves with each write of any connection.
        """
        if self._watching is None:
            self._watching = self._engine.connect()
        return self._watching.exec_driver_sql(_STATE[self._engine.dialect.name]).scalar_one()

    def snapshot(self) -> Snapshot:
        """All rows, to be restored later."""
        return {
            table.name: [dict(zip(table.c.keys(), row, strict=True)) for row in self.rows(select(table))]
            for table in metadata.sorted_tables
        }

    def restore(self, snapshot: Snapshot, changed: Collection[str]) -> None:
        """Restore the tables that were *changed*, and those that are deleted with them, all at once."""
        tables: list[Table] = []
        for table in metadata.sorted_tables:
            if table.name in changed or any(key.column.table in tables for key in table.foreign_keys):
                tables.append(table)

        def function(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
            for table in reversed(tables):
                connection.execute(delete(table))
            for table in tables:
                if rows := snapshot[table.name]:
                    connection.execute(insert(table), rows)
            connection.exec_driver_sql("COMMIT")

        self._connected(function)

    def mentions(self, *ids: str) -> dict[str, int]:
        """How many rows of each table have one of *ids*; tables without any are left out."""
        wanted = {UUID(text) for text in ids}
        counts = {
            table.name: sum(not wanted.isdisjoint(row) for row in self.rows(select(table)))
            for table in metadata.sorted_tables
        }
        return {name: count for name, count in counts.items() if count}

    def holds_text(self, text: str) -> bool:
        """Whether *text* is anywhere in the database, in the clear."""
        return any(text in repr(row) for table in metadata.sorted_tables for row in self.rows(select(table)))

    def memberships(self, user_id: str) -> list[tuple[str, int]]:
        """The name and revision of each of a user's member rows."""
        statement = select(members.c.name, members.c.revision).where(members.c.user_id == UUID(user_id))
        return [(name, revision) for name, revision in self.rows(statement)]

    def add_member(self, workspace_id: str, user_id: str, *, role: Role, name: str = "Guest") -> None:
        """Add a member as an accepted invitation does, without its event."""
        self.write(
            insert(members).values(
                workspace_id=UUID(workspace_id),
                user_id=UUID(user_id),
                role=role,
                name=name,
                created_at=NOW,
                updated_at=NOW,
                revision=1,
            )
        )

    def set_role(self, workspace_id: str, user_id: str, *, role: Role) -> None:
        mine = (members.c.workspace_id == UUID(workspace_id), members.c.user_id == UUID(user_id))
        self.write(update(members).where(*mine).values(role=role))

    def remove_member(self, workspace_id: str, user_id: str) -> None:
        self.write(
            delete(members).where(members.c.workspace_id == UUID(workspace_id), members.c.user_id == UUID(user_id))
        )

    def send_invitation(self, invitation_id: str) -> str:
        """The token of an invitation, as it would be in the e-mail."""
        token = secret_tokens.mint("invitation", random_bytes=secrets.token_bytes)
        mine = invitations.c.id == UUID(invitation_id)
        self.write(update(invitations).where(mine).values(digest=token.digest, mailed_at=NOW))
        return token.text

    def send_token(self, user: Mapping[str, Any], *, kind: OneTimeKind) -> str:
        """A token to verify a user's address, or to reset their password, as it would be in the e-mail."""
        token = secret_tokens.mint(kind, random_bytes=secrets.token_bytes)
        values = {"digest": token.digest, "kind": kind, "user_id": UUID(user["id"]), "email_key": user["email"].lower()}
        self.write(insert(one_time_tokens).values(**values, expires_at=NOW + dt.timedelta(days=90_000)))
        return token.text

    def send_emails(self) -> None:
        """Delete all e-mails that wait, as if they were sent."""
        self.write(delete(outbox))

    def expire_invitation(self, invitation_id: str) -> None:
        """Let an invitation expire, as if a week had passed."""
        mine = invitations.c.id == UUID(invitation_id)
        self.write(update(invitations).where(mine).values(expires_at=NOW - dt.timedelta(days=300)))

    def expire_token(self, token_id: str) -> None:
        """Let a personal token expire."""
        mine = personal_tokens.c.id == UUID(token_id)
        self.write(update(personal_tokens).where(mine).values(expires_at=NOW - dt.timedelta(days=300)))

    def expire_access_tokens(self, session_id: str) -> None:
        """Let access tokens expire, as if an hour had passed."""
        mine = access_tokens.c.session_id == UUID(session_id)
        self.write(update(access_tokens).where(mine).values(expires_at=NOW - dt.timedelta(days=300)))

    def age_refresh_tokens(self, session_id: str) -> None:
        """Move the uses of spent refresh tokens a minute back."""
        spent = (refresh_tokens.c.session_id == UUID(session_id), refresh_tokens.c.replaced_at.is_not(None))
        self.write(update(refresh_tokens).where(*spent).values(replaced_at=dt.datetime.now(dt.UTC) - MINUTE))

    def expire_session(self, session_id: str) -> None:
        """Let a session expire, as if a month had passed without a refresh."""
        long_ago = NOW - dt.timedelta(days=300)
        self.write(update(sessions).where(sessions.c.id == UUID(session_id)).values(expires_at=long_ago))
        live = (refresh_tokens.c.session_id == UUID(session_id), refresh_tokens.c.replaced_at.is_(None))
        self.write(update(refresh_tokens).where(*live).values(expires_at=long_ago))


@cache
def _every_row(dialect: str) -> Executable:
    """A statement for the name of the table and the text of the values of each row in the database."""
    quote = func.quote if dialect == "sqlite" else func.quote_nullable

    def text(table: Table) -> ColumnElement[str]:
        values = [quote(column) for column in table.c if column not in WRITTEN_LATER]
        return reduce(lambda one, other: one.concat(",").concat(other), values)

    return union_all(*(select(literal(table.name), text(table)) for table in metadata.sorted_tables))
