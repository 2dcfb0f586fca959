"""Who may call which operation: each operation of the contract, with each kind of caller. See `matrix`."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import Executable, delete, update

from persistence.memberships import members
from persistence.sent_statements import BEGIN
from tests.support.checking import read_contract
from tests.support.clients import Client, no_content, ok, rejected
from tests.support.databases import AT_LENGTH
from tests.support.household import UNKNOWN_ID, Household, differences
from tests.support.matrix import (
    NOT_FOUND,
    ROLE_TOO_SMALL,
    ROLES,
    Caller,
    NotCoveredError,
    Operation,
    Refusal,
    Request,
    expected,
    operations,
    request_of,
)
from tests.support.matrix_callers import create_household
from tests.support.patience import PATIENCE_S
from tests.support.request_values import VALUES
from tests.support.statements import awaited
from tests.support.tables import Tables

OPERATIONS = tuple(operations(read_contract()))
GUARDED = tuple(operation for operation in OPERATIONS if not operation.public)
IN_WORKSPACE = tuple(operation for operation in GUARDED if operation.in_workspace)
Check = Callable[..., None]
SHARES = {"sqlite": 8, "postgresql": 24}
"""Each operation is tried by one of this many callers, different ones each; in `make soak` and `make try` by all.

All operations by all callers would be 8,000 requests, 90 more with each operation, that the same code rejects.
"""

pytestmark = pytest.mark.unmeasured


def each(chosen: Iterable[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", list(chosen), ids=lambda operation: operation.operation_id)


@pytest.fixture(scope="module")
def shared_household(server: str, tables: Tables) -> Iterator[Household]:
    with Client(server) as client:
        yield create_household(client, tables)


@pytest.fixture
def household(shared_household: Household) -> Iterator[Household]:
    """The household, restored before each test."""
    yield shared_household
    shared_household.put_back()


@pytest.fixture
def check(record_property: Callable[[str, object], None], tables: Tables) -> Check:
    """A function that tries cells of the matrix, counts them, and fails with all that is wrong."""

    def run(cells: Mapping[str, Iterable[str]], **more: int) -> None:
        wrong = {name: found for name, faults in cells.items() if (found := list(faults))}
        assert not wrong, f"{len(wrong)} of {len(cells)} cells: {wrong}"
        assert cells
        record_property(
            f"access matrix on {'SQLite' if tables.is_sqlite else 'PostgreSQL'}", {**more, "cells": len(cells)}
        )

    return run


def one_for_each_refusal(household: Household, operation: Operation) -> dict[Refusal, Caller]:
    """The first caller who is rejected with each of the refusals."""
    found: dict[Refusal, Caller] = {}
    for caller in household.callers:
        if refusal := expected(operation, caller):
            found.setdefault(refusal, caller)
    return found


def callers_of(household: Household, operation: Operation) -> Iterable[Caller]:
    """A share of all callers, with one for each refusal and one who is admitted; on SQLite, every role's session."""
    if AT_LENGTH:
        return household.callers
    admitted = next(who for who in household.callers if expected(operation, who) is None)
    sessions = [who for who in household.callers if who.through_session and household.tables.is_sqlite]
    share = household.callers[share_of(household, operation)]
    chosen = (admitted, *one_for_each_refusal(household, operation).values(), *sessions, *share)
    return {who.name: who for who in chosen}.values()


def share_of(household: Household, operation: Operation) -> slice:
    share = SHARES["sqlite" if household.tables.is_sqlite else "postgresql"]
    return slice(OPERATIONS.index(operation) % share, None, share)


def ways_of(operation: Operation) -> Mapping[str, Callable[[Request], Request]]:
    """Two of WAYS, which differ from operation to operation."""
    return WAYS if AT_LENGTH else dict([*WAYS.items()][OPERATIONS.index(operation) % 4 :: 4])


# ---------------------------------------------------------------------------------------------------------------------
# the matrix
# ---------------------------------------------------------------------------------------------------------------------


@each(GUARDED)
def test_each_caller_is_admitted_or_rejected_as_the_contract_says(
    household: Household, operation: Operation, check: Check
) -> None:
    """A rejected request changes nothing. The very same request of an admitted caller gets a 2xx, and a write has an
    effect.
    """
    check({who.name: household.faults(operation, who) for who in callers_of(household, operation)}, operations=1)


@pytest.mark.mostly_on_one_database
@each(operation for operation in OPERATIONS if operation.public)
def test_a_public_operation_returns_the_same_for_a_bad_token_as_for_none(
    household: Household, operation: Operation, check: Check
) -> None:
    nobodies = [who for who in household.callers if who.fault is not None]
    if not AT_LENGTH:
        nobodies = [household.caller("nobody"), *nobodies[share_of(household, operation)]]
    shapes: list[tuple[object, ...]] = []

    def faults(caller: Caller) -> Iterator[str]:
        yield from household.faults(operation, caller, seen=lambda response: shapes.append(shape(response)))
        if shapes[-1] != shapes[0]:
            yield f"{shapes[-1]} is not {shapes[0]}"

    check({who.name: faults(who) for who in (*nobodies, household.caller("viewer"))}, operations=1)


def shape(response: Response) -> tuple[object, ...]:
    """What two responses have in common although they are about different resources."""
    is_json = response.headers.get("Content-Type") == "application/json"
    return response.status_code, sorted(response.headers), sorted(response.json()) if is_json else response.content


# ---------------------------------------------------------------------------------------------------------------------
# independent of the request
# ---------------------------------------------------------------------------------------------------------------------


def _bad_body(media_type: str, content: bytes) -> Callable[[Request], Request]:
    headers = (("Content-Type", media_type), ("Accept", "text/html"))
    return lambda request: replace(request.with_headers(*headers), content=content, query={"nope": "1"})


WAYS: Mapping[str, Callable[[Request], Request]] = {
    "malformed JSON": _bad_body("application/json", b"{"),
    "an unknown property": _bad_body("application/json", b'{"nope": 1}'),
    "another media type": _bad_body("text/html", b"<p>"),
    "a body that is too large": _bad_body("application/json", b'"' + b"x" * 300_000 + b'"'),
    "no body": _bad_body("application/json", b""),
    "conditions and a key": lambda request: request.with_headers(
        ("If-Match", "*"), ("If-None-Match", "*"), ("Idempotency-Key", "k")
    ),
    "a stale condition": lambda request: request.with_headers(("If-Match", '"0"')),
    "invalid conditions and an invalid key": lambda request: request.with_headers(
        ("If-Match", "?"), ("Idempotency-Key", "")
    ),
}


@pytest.mark.mostly_on_one_database
@each(GUARDED)
def test_the_refusal_does_not_depend_on_the_request(household: Household, operation: Operation, check: Check) -> None:
    def faults(refusal: Refusal, caller: Caller, spoil: Callable[[Request], Request]) -> Iterator[str]:
        yield from refusal.faults(household.send(spoil(household.request(operation, caller)), caller))
        yield from household.undone()

    refusals = one_for_each_refusal(household, operation)
    check(
        {
            f"{caller.name}: {way}": faults(refusal, caller, spoil)
            for refusal, caller in refusals.items()
            for way, spoil in ways_of(operation).items()
        }
    )


def test_an_invalid_workspace_id_is_rejected_after_the_token_is_checked(household: Household) -> None:
    path = "/v1/workspaces/mine/tasks"
    rejected(household.client.get(path), 401, "unauthenticated")
    found = rejected(household.stranger.client.get(path), 400, "invalid-parameters")
    assert {place.split()[0] for place in found} == {"workspace_id"}


@pytest.mark.mostly_on_one_database
@each(operation for operation in GUARDED if operation.method == "GET")
def test_head_is_rejected_like_get(household: Household, operation: Operation, check: Check) -> None:
    def faults(refusal: Refusal, caller: Caller) -> Iterator[str]:
        response = household.send(replace(household.request(operation, caller), method="HEAD"), caller)
        yield from refusal.faults(response)
        yield from household.undone()
        if response.content:
            yield "a body to HEAD"

    refusals = one_for_each_refusal(household, operation)
    check({caller.name: faults(refusal, caller) for refusal, caller in refusals.items()})


@pytest.mark.mostly_on_one_database
@each(operation for operation in GUARDED if "Idempotency-Key" in operation.optional)
def test_a_kept_response_is_not_returned_to_a_rejected_caller(
    household: Household, operation: Operation, check: Check
) -> None:
    key = ("Idempotency-Key", "k")
    insider = household.caller(operation.role or "owner")
    request = household.request(operation, insider).with_headers(key)
    first = household.send(request, insider)
    assert first.is_success, first.text
    assert household.send(request, insider).content == first.content
    after = household.tables.digest()

    def faults(refusal: Refusal, caller: Caller) -> Iterator[str]:
        yield from refusal.faults(household.send(request, caller))
        if household.tables.digest() != after:
            yield "changed something"

    cells = {
        caller.name: list(faults(refusal, caller))
        for refusal, caller in one_for_each_refusal(household, operation).items()
    }
    theirs = [who for who in household.callers if who.person is insider.person and who.fault is None]
    cells |= {who.name: list(faults(refusal, who)) for who in theirs if (refusal := expected(operation, who))}
    check(cells)


# ---------------------------------------------------------------------------------------------------------------------
# changed just before
# ---------------------------------------------------------------------------------------------------------------------


def changes_of(operation: Operation) -> Iterator[tuple[str | None, Refusal]]:
    """The lower roles, None for no membership, and how the contract says that each is rejected.

    Below a viewer there is only the stranger.
    """
    assert operation.role is not None
    if below := ROLES[: ROLES.index(operation.role)]:
        yield below[-1], ROLE_TOO_SMALL
    yield None, NOT_FOUND


@pytest.mark.mostly_on_one_database
@each(IN_WORKSPACE)
def test_a_role_that_was_just_lowered_or_removed_is_not_enough(
    household: Household, operation: Operation, check: Check
) -> None:
    admitted = [who for who in household.callers if who.role == operation.role and expected(operation, who) is None]
    requests = {who.name: household.request(operation, who) for who in admitted}
    cells: dict[str, list[str]] = {}
    for role, refusal in changes_of(operation):
        path = f"{household.home}/members/{admitted[0].person.id}"
        if role is None:
            no_content(household.founder.client.delete(path))
        else:
            ok(household.founder.client.merge(path, {"role": role}))
        before = household.tables.digest()
        for who in admitted:
            faults = list(refusal.faults(household.send(requests[who.name], who)))
            unchanged = household.tables.digest() == before
            cells[f"{who.name}, now {role}"] = [*faults, *([] if unchanged else ["changed something"])]
        household.put_back()
    check(cells)


def test_a_role_that_was_just_raised_is_enough(household: Household) -> None:
    viewer, path = household.members["viewer"], f"{household.home}/tasks"
    rejected(viewer.client.post(path, json={"title": "Wash up"}), 403, "insufficient-role")
    ok(household.founder.client.merge(f"{household.home}/members/{viewer.id}", {"role": "editor"}))
    viewer.create(path, title="Wash up")


@each(operation for operation in IN_WORKSPACE if not operation.safe)
def test_a_role_that_is_lowered_or_removed_while_a_write_waits_is_not_enough(
    household: Household, operation: Operation, check: Check
) -> None:
    """The role is read again under the lock of the write."""
    caller = household.caller(str(operation.role))
    workspace_id = household.home.rpartition("/")[2]
    mine = (members.c.workspace_id == UUID(workspace_id), members.c.user_id == UUID(caller.person.id))

    def faults(change: Executable, refusal: Refusal) -> Iterator[str]:
        request, tables = household.request(operation, caller), household.tables
        waits_at = BEGIN if tables.is_sqlite else "SELECT workspaces.head"
        with ThreadPoolExecutor(1) as thread, tables.locked(workspace_id) as run:
            with awaited(waits_at) as waiting:
                write = thread.submit(household.send, request, caller)
                assert waiting.wait(PATIENCE_S), "the write was admitted, and waits for the lock"
            tables.until_a_lock_is_awaited()
            run(change)
            assert not write.done()
        yield from refusal.faults(write.result(PATIENCE_S))
        yield from household.undone(but="members")

    check(
        {
            f"{role}": faults(delete(members).where(*mine) if role is None else _lower(mine, role), refusal)
            for role, refusal in changes_of(operation)
        }
    )


def _lower(mine: Iterable[Any], role: str) -> Executable:
    return update(members).where(*mine).values(role=role)


# ---------------------------------------------------------------------------------------------------------------------
# resources of others
# ---------------------------------------------------------------------------------------------------------------------


def ids_in(operation: Operation) -> set[str]:
    """The names of the ids in a request, without that of the workspace. Empty for what is not covered: the matrix
    reports it.
    """
    names: set[str] = set()

    def thing(name: str) -> str:
        if name not in VALUES:
            raise KeyError(name)
        names.add(name.rpartition(".")[2])
        return UNKNOWN_ID

    with contextlib.suppress(NotCoveredError):
        request_of(operation, thing)
    return {name for name in names if name.endswith("_id")} - {"workspace_id"}


@pytest.mark.mostly_on_one_database
@each(operation for operation in GUARDED if ids_in(operation))
def test_resources_of_others_cannot_be_reached_through_one_s_own_workspace(
    household: Household, operation: Operation, check: Check
) -> None:
    """A stranger with every right in their own workspace names resources of the household and of its owner."""
    stranger, owner = household.caller("stranger"), household.caller("owner")
    own = household.elsewhere.rpartition("/")[2]
    response = household.send(household.request(operation, owner, workspace_id=own), stranger)
    faults = household.undone()
    if ids_in(operation) & set(operation.path_names):
        faults += NOT_FOUND.faults(response)
        nothing = {**dict.fromkeys(operation.path_names, UNKNOWN_ID), "workspace_id": own}
        path = operation.path.format_map(nothing)
        nobodys = replace(household.request(operation, owner, workspace_id=own), path=path)
        faults += differences(response, household.send(nobodys, stranger))
    elif not response.is_client_error:
        faults.append(f"got {response.status_code} {response.text[:300]}")
    check({"stranger": faults})


# ---------------------------------------------------------------------------------------------------------------------
# a new operation
# ---------------------------------------------------------------------------------------------------------------------

NEW = "/v1/workspaces/{workspace_id}/projects/{project_id}/shred"


def with_new(path: str = NEW, **node: Any) -> Operation:
    """An operation that has just been added to the contract."""
    access = {"scope": "write", **({"role": "admin"} if "{workspace_id}" in path else {})}
    contract = copy.deepcopy(read_contract())
    contract["paths"][path] = {"post": {"operationId": "shred", "x-access": access, **node}}
    *_, last = operations(contract)
    assert last.operation_id == "shred"
    return last


def taking(example: Any) -> dict[str, Any]:
    """A request body with an example."""
    media = {"examples": {"first": {"value": example}}} if example is not None else {}
    return {"required": True, "content": {"application/json": media}}


def test_a_new_operation_is_in_the_matrix(household: Household) -> None:
    """The server does not have the operation, so every cell fails except those of strangers."""
    ids = ["019cb30a-df33-7074-8b2c-4f5a6b7c8d07"]
    operation = with_new(requestBody=taking({"task_ids": ids, "how": {"fine": True}}))
    request = household.request(operation, household.caller("admin"))
    task_id = VALUES["task_id"](household, household.caller("admin"))
    project_id = VALUES["project_id"](household, household.caller("admin"))
    assert request.path == f"{household.home}/projects/{project_id}/shred"
    assert json.loads(request.content or b"") == {"task_ids": [task_id], "how": {"fine": True}}
    failed = {who.name for who in household.callers if list(household.faults(operation, who))}
    passed = {who.name for who in household.callers} - failed
    assert passed == {who.name for who in household.callers if expected(operation, who) == NOT_FOUND}
    assert {"admin", "admin with a token for write", "owner", "editor", "nobody"} <= failed


@pytest.mark.parametrize(
    ("path", "node", "message"),
    [
        ("/v1/{widget_id}", {}, "shred needs a widget_id: say in VALUES of tests/support/request_values.py"),
        (NEW, {"requestBody": taking(None)}, "shred takes a body, and has no example of one in the contract"),
        (NEW, {"requestBody": taking({"widget_ids": [UNKNOWN_ID]})}, "shred needs a widget_id"),
        (NEW, {"requestBody": taking({"token": f"tbx_{'x' * 49}"})}, "shred needs a token that begins with tbx_"),
        (
            NEW,
            {"parameters": [{"name": "how", "in": "query", "required": True}]},
            "shred needs how, and has no example",
        ),
        (NEW, {"x-access": None}, "shred has neither `security: []` nor an x-access"),
        (NEW, {"x-access": {"role": "admin", "scope": "shred"}}, "nor an x-access with a known scope"),
        (NEW, {"x-access": {"role": "king", "scope": "write"}}, "the x-access of shred names the role king"),
        (NEW, {"x-access": {"scope": "write"}}, "the x-access of shred names the role None"),
    ],
)
def test_a_new_operation_without_the_values_it_needs_fails_the_matrix(
    household: Household, path: str, node: dict[str, Any], message: str
) -> None:
    operation = with_new(path, **node)
    with pytest.raises(NotCoveredError, match=re.escape(message)):
        list(household.faults(operation, household.caller("owner")))
