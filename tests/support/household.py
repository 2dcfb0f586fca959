"""A workspace with every kind of caller, and everything that a request may be about.

What a request changes is undone: the database is restored. So each request finds the same, and what one operation ends
or uses up exists again for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from httpx import Response

from tests.support.clients import Client, Person, problem_of
from tests.support.matrix import NOT_FOUND, OF_THE_SESSION, Caller, Operation, Request, expected, request_of
from tests.support.request_values import VALUES
from tests.support.tables import Snapshot, Tables

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


@dataclass(kw_only=True)
class Household:
    """A shared workspace, and the people around it.

    `members` has one of each role; `founder` is an owner, too, so that no other owner is the only one; `guest` is a
    member, and sends no requests. `stranger` has another workspace, `elsewhere`.
    """

    client: Client
    tables: Tables
    founder: Person
    home: str
    members: Mapping[str, Person]
    guest: Person
    stranger: Person
    elsewhere: str
    things: dict[tuple[str, str], Any] = field(default_factory=dict)
    callers: list[Caller] = field(default_factory=list)
    base: Snapshot = field(default_factory=dict)
    digest: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> Person:
        """The user who invites to other workspaces."""
        return self.founder

    def once(self, name: str, make: Callable[[], Any], *, of: Person | None = None) -> Any:
        """What *make* creates the first time, and from then on belongs to the household."""
        key = (name, of.id if of else "")
        if key not in self.things:
            assert not self.changed(), "nothing can be added to a household that is not as it was"
            self.things[key] = make()
            self.set_base()
        return self.things[key]

    def set_base(self) -> None:
        """Let the present state be the one that is restored. No e-mails wait, because one
        that waits prevents another.
        """
        self.tables.send_emails()
        self.base, self.digest = self.tables.snapshot(), self.tables.digest()

    def put_back(self) -> set[str]:
        """Restore the database. The names of the tables that had changed."""
        changed = self.changed()
        if changed:
            self.tables.restore(self.base, changed)
            assert not self.changed(), "what was done could not be undone"
        return changed

    def undone(self, *, but: str = "") -> list[str]:
        """Restore the database. Faults for the tables that had changed, *but* for one that may."""
        return [f"changed {table}" for table in sorted(self.put_back() - {but})]

    def changed(self) -> set[str]:
        """The names of the tables that have changed."""
        now = self.tables.digest()
        return {name for name, digest in self.digest.items() if now[name] != digest}

    def request(self, operation: Operation, caller: Caller, *, workspace_id: str | None = None) -> Request:
        """A request of *operation* that would succeed if *caller* were admitted. Raises NotCoveredError."""

        def thing(name: str) -> Any:
            if name == "workspace_id" and workspace_id is not None:
                return workspace_id
            return VALUES[name](self, caller)

        return request_of(operation, thing)

    def send(self, request: Request, caller: Caller) -> Response:
        """The response, checked against the contract."""
        return self.client.request(
            request.method,
            request.path,
            params=request.query,
            headers=[*caller.headers, *request.headers],
            content=request.content,
        )

    def faults(
        self, operation: Operation, caller: Caller, *, seen: Callable[[Response], None] | None = None
    ) -> Iterator[str]:
        """What is wrong with how *operation* treats *caller*. *seen* gets the response. Raises NotCoveredError."""
        request, refusal = self.request(operation, caller), expected(operation, caller)
        response = self.send(request, caller)
        if seen is not None:
            seen(response)
        changed = self.put_back()
        if refusal is not None:
            yield from refusal.faults(response)
            yield from (f"was rejected, and changed {table}" for table in sorted(changed))
        elif operation.operation_id in OF_THE_SESSION and not caller.through_session:
            yield from NOT_FOUND.faults(response)
            yield from (f"found nothing, and changed {table}" for table in sorted(changed))
        elif not response.is_success:
            yield f"should have been admitted, got {response.status_code} {response.text[:300]}"
        elif bool(changed) is operation.safe:
            yield f"was admitted, and changed {changed or 'nothing: it should, or its refusals show nothing'}"
        if refusal == NOT_FOUND:
            nowhere = self.send(self.request(operation, caller, workspace_id=UNKNOWN_ID), caller)
            yield from differences(response, nowhere)
            yield from self.undone()

    def caller(self, name: str) -> Caller:
        """The caller with this name."""
        return next(caller for caller in self.callers if caller.name == name)


def differences(one: Response, other: Response) -> Iterator[str]:
    """The differences between two responses, without what belongs to each request alone."""
    is_problem = not one.is_success and bool(one.content) and bool(other.content)
    contents = (problem_of(one), problem_of(other)) if is_problem else (one.content, other.content)
    if one.status_code != other.status_code or contents[0] != contents[1]:
        yield f"{one.status_code} {one.text[:300]} is not {other.status_code} {other.text[:300]}"
    if one.headers.keys() != other.headers.keys():
        yield f"{set(one.headers)} are not {set(other.headers)}"
