"""When an account is deleted, its name and its address are gone from everywhere, and the events stay."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from persistence.events import events
from persistence.repositories import metadata
from tests.support.clients import PASSWORD, Client, Person, created, everything, new_email, no_content, ok, register
from tests.support.purging import run_jobs
from tests.support.streams import streaming
from tests.support.tables import Tables

NAME, FIRST_NAME = "Zephyrine Quill", "Zebediah Quill"


def texts_of(value: object) -> Iterator[str]:
    """All that a column may say, also if it is compressed."""
    if isinstance(value, bytes):
        yield value.decode("latin-1")
        head, _, body = value.partition(b"\n")
        if head.endswith(b",true]"):
            yield zlib.decompress(body).decode("latin-1")
    else:
        yield str(value)


def columns_with(tables: Tables, *wanted: str) -> set[str]:
    """The columns of the database that have one of these texts somewhere, in any case."""
    return {
        f"{table.name}.{name}"
        for table in metadata.sorted_tables
        for row in tables.rows(select(table))
        for name, value in zip(table.c.keys(), row, strict=True)
        for text in texts_of(value)
        if any(each.lower() in text.lower() for each in wanted)
    }


def invite(host: Person, guest: Person, home: str, tables: Tables, *, email: str) -> None:
    invitation = host.create(f"{home}/invitations", email=email, role="editor")
    token = tables.send_invitation(invitation["id"])
    ok(guest.client.post("/v1/invitations/accept", json={"token": token}))


def live(client: Client, ada: Person, tables: Tables) -> tuple[Person, str, str]:
    """A person with traces everywhere, a workspace of Ada's that they are in, and one that they left."""
    person = register(client, name=FIRST_NAME, email=f"zq.{new_email()}")
    email = person.user["email"]
    here, left = (f"/v1/workspaces/{ada.create('/v1/workspaces', name=name)['id']}" for name in ("Here", "Left"))
    for home in (here, left):
        invite(ada, person, home, tables, email=email)
    no_content(person.client.delete(f"{left}/members/me"))
    key = {"Idempotency-Key": "erasure"}
    ok(person.client.merge("/v1/users/me", {"name": NAME}, Idempotency_Key="erasure"))
    ok(ada.client.merge(f"{here}/members/{person.id}", {"role": "admin"}, Idempotency_Key="erasure"))
    created(person.client.post(f"{here}/tasks", json={"title": "Sow", "assignee_ids": [person.id]}, headers=key))
    person.create(f"{person.home}/tasks", title=f"Call {NAME}", description="x" * 5000)
    person.create("/v1/workspaces", name=f"The house of {NAME}")
    person.create("/v1/tokens", name=NAME, scopes=["read"])
    session = {"email": email, "password": PASSWORD, "device": f"Phone of {NAME}"}
    created(client.post("/v1/sessions", json=session))
    assert client.post("/v1/users/forgot-password", json={"email": email}).is_success
    return person, here, left


def test_nothing_in_the_database_has_the_name_or_the_address_of_a_deleted_account(
    client: Client, ada: Person, tables: Tables, module_database_url: str
) -> None:
    person, here, left = live(client, ada, tables)
    private = (NAME, FIRST_NAME, person.user["email"])
    everywhere = columns_with(tables, *private)
    assert {"events.body", "idempotency_keys.response", "users.name", "members.name", "outbox.email"} <= everywhere
    assert not any(person.user["email"] in str(row) for row in tables.rows(select(events.c.body)))

    no_content(person.client.delete("/v1/users/me"))

    names = {each["title"] for home in (here, left) for each in everything(ada.client, f"{home}/activity")}
    assert names == {"Here", "Left", "Ada", "Inbox", "Sow", None}
    kept = ok(ada.client.get(f"{here}/members"))["items"]
    assert [member["name"] for member in kept] == ["Ada"]
    run_jobs(module_database_url, after=dt.timedelta(hours=25))
    assert columns_with(tables, *private) == set()
    assert tables.mentions(person.id).keys() == {"events", "tombstones", "tasks"}


def test_a_cursor_goes_on_after_an_erasure_and_nothing_that_was_erased_is_sent_again(
    client: Client, ada: Person, tables: Tables
) -> None:
    person, here, _ = live(client, ada, tables)
    for number in range(4):
        ok(person.client.merge("/v1/users/me", {"name": f"{NAME} {number}"}))
    whole = everything(ada.client, f"{here}/activity")
    first = ok(ada.client.get(f"{here}/activity", params={"limit": 3}))
    assert {each["title"] for each in first["items"]} == {f"{NAME} {number}" for number in (1, 2, 3)}

    no_content(person.client.delete("/v1/users/me"))

    rest = ok(ada.client.get(f"{here}/activity", params={"limit": 200, "cursor": first["next_cursor"]}))["items"]
    assert [places(each) for each in [*first["items"], *rest]] == [places(each) for each in whole]
    assert not any(NAME in str(each) or FIRST_NAME in str(each) for each in rest)
    of_person = [each for each in rest if each["id"] == person.id]
    assert {(each["event"], each["title"], tuple(each["changed"]), each["erased"]) for each in of_person} == {
        ("member.added", None, (), True),
        ("member.updated", None, (), True),
    }
    others = [each for each in rest if each["id"] != person.id]
    assert others == [each for each in whole[3:] if each["id"] != person.id]
    newest = ok(ada.client.get(f"{here}/activity", params={"limit": 1}))["items"][0]
    assert (newest["event"], newest["title"], newest["erased"]) == ("member.removed", None, False)


def places(line: dict[str, Any]) -> tuple[int, int]:
    return line["revision"], line["sequence"]


def test_a_copy_and_a_stream_go_on_after_an_erasure_and_know_the_person_no_longer(
    client: Client, ada: Person, tables: Tables
) -> None:
    person, here, left = live(client, ada, tables)
    begun = {home: first_page(ada, home, types=["member"], limit=1) for home in (here, left)}
    before = {home: page["next_cursor"] for home, page in begun.items()}
    start = first_page(ada, here, limit=200)["next_cursor"]
    ok(person.client.merge("/v1/users/me", {"name": f"{NAME} again"}))

    no_content(person.client.delete("/v1/users/me"))

    for home, cursor in before.items():
        members = {each["id"]: each["deleted"] for each in begun[home]["items"]}
        page = {"next_cursor": cursor, "has_more": True}
        while page["has_more"]:
            page = ok(ada.client.get(f"{home}/changes", params={"types": ["member"], "cursor": page["next_cursor"]}))
            assert NAME not in str(page)
            members |= {each["id"]: each["deleted"] for each in page["items"]}
        assert {user_id for user_id, deleted in members.items() if not deleted} == {ada.id}
    with streaming(ada.client, f"{here}/events", cursor=start, until="head") as stream:
        changes = [change for event in stream.rest() for change in event["changes"]]
    assert [(each["event"], each["erased"], "member" in each) for each in changes if each["id"] == person.id] == [
        ("member.updated", True, False),
        ("member.removed", False, False),
    ]
    assert NAME not in str(changes)


def first_page(person: Person, home: str, **parameters: Any) -> dict[str, Any]:
    return ok(person.client.get(f"{home}/changes", params=parameters))
