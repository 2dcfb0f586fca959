"""Clients that keep a copy of a workspace by requesting what has changed."""

from __future__ import annotations

import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update

from persistence.memberships import workspaces
from tests.support.clients import Person, created, new_email, no_content, ok, rejected
from tests.support.copies import Copy, all_things
from tests.support.tables import Tables

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]


@pytest.fixture
def club(ada: Person) -> str:
    """The path of a workspace that can be shared."""
    return f"/v1/workspaces/{ada.create('/v1/workspaces', name='Club')['id']}"


def changed(found: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    """The type and the id of each change, and whether it is a deletion."""
    return [(each["type"], each["id"], each["deleted"]) for each in found]


def equal(copy: Copy) -> bool:
    """Whether a copy is what a new one would be, and what the lists return."""
    fresh = Copy(copy.client, copy.home)
    fresh.sync(limit=7)
    return copy.things == fresh.things == all_things(copy.client, copy.home)


def test_each_kind_of_thing_is_followed_through_all_that_can_happen_to_it(ada: Person, club: str) -> None:
    copy = Copy(ada.client, club)
    copy.sync()

    def check(*expected: tuple[str, str, bool]) -> None:
        assert sorted(changed(copy.sync(limit=2))) == sorted(expected)
        assert equal(copy)

    project = ada.create(f"{club}/projects", name="Garden")["id"]
    section = ada.create(f"{club}/sections", name="Beds", project_id=project)["id"]
    label = ada.create(f"{club}/labels", name="wet")["id"]
    task = ada.create(f"{club}/tasks", title="Sow", section_id=section, label_ids=[label])["id"]
    comment = ada.create(f"{club}/tasks/{task}/comments", text="Not yet")["id"]
    things = {"project": project, "section": section, "label": label, "task": task, "comment": comment}
    paths = {kind: f"{club}/{kind}s/{thing}" for kind, thing in things.items()}
    paths["comment"] = f"{club}/tasks/{task}/comments/{comment}"
    check(*((kind, thing, False) for kind, thing in things.items()))
    for kind, path in paths.items():
        name = {"task": "title", "comment": "text"}.get(kind, "name")
        ok(ada.client.merge(path, {name: "New"}))
        check((kind, things[kind], False))
    ok(ada.client.merge(club, {"name": "Sports Club"}))
    check(("workspace", club.rpartition("/")[2], False))
    no_content(ada.client.delete(paths["comment"]))
    check(("comment", comment, True))
    ok(ada.client.post(f"{paths['comment']}/restore"))
    check(("comment", comment, False))
    no_content(ada.client.delete(paths["label"]))
    check(("label", label, True), ("task", task, False))
    ok(ada.client.post(f"{paths['label']}/restore"))
    check(("label", label, False), ("task", task, False))
    no_content(ada.client.delete(paths["project"]))
    del things["label"]
    check(*((kind, thing, True) for kind, thing in things.items()))
    ok(ada.client.post(f"{paths['project']}/restore"))
    check(*((kind, thing, False) for kind, thing in things.items()))
    no_content(ada.client.delete(paths["task"]))
    no_content(ada.client.delete(f"{club}/trash"))
    check(("task", task, True), ("comment", comment, True))


def test_a_member_who_left_and_came_back_is_there_once(ada: Person, bob: Person, club: str, tables: Tables) -> None:
    copy, lagging = Copy(ada.client, club), Copy(ada.client, club)
    lagging.sync()
    for _ in range(2):
        token = tables.send_invitation(ada.create(f"{club}/invitations", email=new_email(), role="editor")["id"])
        ok(bob.client.post("/v1/invitations/accept", json={"token": token}))
        copy.sync()
        assert ("member", bob.id) in copy.things
        no_content(bob.client.delete(f"{club}/members/me"))
        assert changed(copy.sync()) == [("member", bob.id, True)]
    token = tables.send_invitation(ada.create(f"{club}/invitations", email=new_email(), role="viewer")["id"])
    ok(bob.client.post("/v1/invitations/accept", json={"token": token}))
    ok(bob.client.merge("/v1/users/me", {"name": "Robert"}))
    assert changed(lagging.sync()) == [("member", bob.id, False)] == changed(copy.sync())
    assert copy.things == lagging.things == all_things(ada.client, club)
    assert copy.things["member", bob.id]["name"] == "Robert"


def test_a_deleted_account_leaves_the_copies_of_others(ada: Person, bob: Person, club: str, tables: Tables) -> None:
    token = tables.send_invitation(ada.create(f"{club}/invitations", email=new_email(), role="editor")["id"])
    ok(bob.client.post("/v1/invitations/accept", json={"token": token}))
    task = ada.create(f"{club}/tasks", title="Sow", assignee_ids=[bob.id])["id"]
    copy = Copy(ada.client, club)
    copy.sync()
    no_content(bob.client.delete("/v1/users/me"))
    assert sorted(changed(copy.sync())) == [("member", bob.id, True), ("task", task, False)]
    assert equal(copy)


def test_a_subtree_that_is_moved_comes_whole(ada: Person, club: str) -> None:
    garden = ada.create(f"{club}/projects", name="Garden")["id"]
    parent = family = ada.create(f"{club}/tasks", title="0")["id"]
    ids = {family}
    for level in range(1, 5):
        parent = ada.create(f"{club}/tasks", title=str(level), parent_id=parent)["id"]
        ids.add(parent)
    copy = Copy(ada.client, club)
    copy.sync()
    ok(ada.client.post(f"{club}/tasks/{family}/move", json={"project_id": garden}))
    assert {each["id"] for each in copy.sync(limit=2)} == ids
    assert {each["project_id"] for (kind, _), each in copy.things.items() if kind == "task"} == {garden}
    assert equal(copy)


def test_a_label_that_many_tasks_have_is_deleted_in_steps_and_followed_between(ada: Person, club: str) -> None:
    label = ada.create(f"{club}/labels", name="wet")["id"]
    for _ in range(3):
        operations = [{"create": {"title": "Sow", "label_ids": [label]}} for _ in range(100)]
        ok(ada.client.post(f"{club}/tasks/batch", json={"operations": operations}))
    copy = Copy(ada.client, club)
    copy.sync(limit=200)
    before = ada.head(club)
    no_content(ada.client.delete(f"{club}/labels/{label}"))
    assert ada.head(club) > before + 1
    *of_tasks, last = copy.sync(limit=77)
    assert (len(of_tasks), {each["type"] for each in of_tasks}) == (300, {"task"})
    assert changed([last]) == [("label", label, True)]
    assert copy.things == all_things(ada.client, club)


def test_a_copy_that_is_behind_follows_while_others_write(ada: Person, club: str) -> None:
    """Between any two of its pages something changes that it has, has not or had."""
    chance = random.Random(16)  # noqa: S311 -- no secret
    ids = [ada.create(f"{club}/tasks", title=str(number))["id"] for number in range(12)]
    first, wanted = Copy(ada.client, club), Copy(ada.client, club, {"types": ["task"]})
    wanted.sync()
    for step in range(60):
        task = chance.choice(ids)
        match step % 4:
            case 0:
                ids.append(ada.create(f"{club}/tasks", title="New")["id"])
            case 1 if len(ids) > 5:
                ids.remove(task)
                no_content(ada.client.delete(f"{club}/tasks/{task}"))
            case 2:
                other = chance.choice([each for each in ids if each != task])
                ok(ada.client.post(f"{club}/tasks/{task}/move", json={"before": other}))
            case _:
                operations = [{"update": {"task_id": task, "body": {"title": f"{step}.{n}"}}} for n in range(3)]
                ok(ada.client.post(f"{club}/tasks/batch", json={"operations": operations}))
        for copy in (first, wanted):
            copy.page(limit=chance.randint(1, 5))
    for copy in (first, wanted):
        copy.sync(limit=3)
    everything = all_things(ada.client, club)
    assert first.things == everything
    assert wanted.things == {key: thing for key, thing in everything.items() if key[0] == "task"}
    assert equal(first)


def test_a_first_sync_without_closed_tasks_gets_their_later_changes(ada: Person, club: str) -> None:
    done = ada.create(f"{club}/tasks", title="Done")["id"]
    ada.create(f"{club}/tasks/{done}/comments", text="Was easy")
    ok(ada.client.post(f"{club}/tasks/{done}/complete"))
    due = ada.create(f"{club}/tasks", title="Open")["id"]
    for completed, expected in (("none", {due}), ("30d", {due, done}), ("all", {due, done})):
        copy = Copy(ada.client, club, {"completed": completed})
        copy.sync(limit=2)
        assert {thing for kind, thing in copy.things if kind == "task"} == expected
        assert ("comment" in {kind for kind, _ in copy.things}) is (done in expected)
    copy = Copy(ada.client, club, {"completed": "none"})
    copy.sync()
    ok(ada.client.post(f"{club}/tasks/{done}/reopen"))
    assert changed(copy.sync()) == [("task", done, False)]


def test_a_cursor_is_of_one_workspace_and_of_its_types(ada: Person, club: str) -> None:
    cursor = Copy(ada.client, club, {"types": ["task"]}).page()["next_cursor"]
    changes = f"{club}/changes"
    assert ok(ada.client.get(changes, params={"types": ["task"], "cursor": cursor}))["items"] == []
    wrong: list[tuple[str, dict[str, Any]]] = [
        (changes, {"cursor": cursor}),
        (changes, {"types": ["task", "label"], "cursor": cursor}),
        (f"{ada.home}/changes", {"types": ["task"], "cursor": cursor}),
        (changes, {"types": ["task"], "cursor": f"{cursor[:-1]}{'A' if cursor[-1] != 'A' else 'B'}"}),
        (changes, {"types": ["task"], "cursor": "x"}),
        (f"{club}/tasks", {"cursor": cursor}),
    ]
    for path, parameters in wrong:
        refused = ada.client.get(path, params=parameters)
        assert rejected(refused, 400, "invalid-cursor") == {"cursor cursor"}
        assert ("`completed`" in refused.json()["detail"]) == path.endswith("/changes")


@pytest.mark.parametrize(
    "query", ["types=tasks", "types=", "types=task&types=task", "completed=some", "limit=201", "cursor="]
)
def test_a_parameter_that_the_contract_does_not_allow_is_rejected(ada: Person, query: str) -> None:
    assert rejected(ada.client.get(f"{ada.home}/changes?{query}"), 400, "invalid-parameters")


def test_an_expired_cursor_is_a_410_and_a_new_first_sync_mends_the_copy(ada: Person, club: str, tables: Tables) -> None:
    copy = Copy(ada.client, club)
    copy.sync()
    task = ada.create(f"{club}/tasks", title="Sow")["id"]
    copy.sync()
    no_content(ada.client.delete(f"{club}/tasks/{task}"))
    this = update(workspaces).where(workspaces.c.id == UUID(club.rpartition("/")[2]))
    tables.write(this.values(changes_from=workspaces.c.head))
    expired = ada.client.get(f"{club}/changes", params={"cursor": copy.cursor})
    rejected(expired, 410, "cursor-expired")
    copy.begin_again()
    assert copy.things == all_things(ada.client, club)
    tables.write(this.values(head=workspaces.c.head - 1, changes_from=0))  # as in a restored backup
    rejected(ada.client.get(f"{club}/changes", params={"cursor": copy.cursor}), 410, "cursor-expired")


def test_an_idle_client_gets_a_304(ada: Person, club: str) -> None:
    copy = Copy(ada.client, club)
    copy.sync()
    first = ada.client.get(f"{club}/changes", params={"cursor": copy.cursor})
    again = {"If-None-Match": first.headers["ETag"]}
    assert ada.client.get(f"{club}/changes", params={"cursor": copy.cursor}, headers=again).status_code == 304
    ada.create(f"{club}/tasks", title="Sow")
    assert ok(ada.client.get(f"{club}/changes", params={"cursor": copy.cursor}, headers=again))["items"]


def test_copies_that_follow_while_several_clients_write_are_equal_in_the_end(ada: Person, club: str) -> None:
    """No change is passed over because it is committed while a page is read."""
    writing, copies = (
        threading.Event(),
        [Copy(ada.client.with_token(ada.tokens["access_token"]), club) for _ in range(3)],
    )
    writing.set()

    def write(seed: int) -> None:
        chance, client = random.Random(seed), ada.client.with_token(ada.tokens["access_token"])  # noqa: S311 -- no secret
        ids: list[str] = []
        for number in range(15):
            if number < 3 or chance.random() < 0.3:
                ids.append(created(client.post(f"{club}/tasks", json={"title": f"{seed}.{number}"}))["id"])
            elif chance.random() < 0.3:
                no_content(client.delete(f"{club}/tasks/{ids.pop()}"))
            else:
                ok(client.merge(f"{club}/tasks/{chance.choice(ids)}", {"title": f"{seed}.{number}"}))

    def follow(copy: Copy, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 -- no secret
        while writing.is_set():
            copy.page(limit=chance.randint(1, 8))
        copy.sync(limit=chance.randint(1, 8))

    with ThreadPoolExecutor() as pool:
        following = [pool.submit(follow, copy, number) for number, copy in enumerate(copies)]
        try:
            list(pool.map(write, range(4)))
        finally:
            writing.clear()
        for each in following:
            each.result()
    expected = all_things(ada.client, club)
    for copy in copies:
        assert copy.things == expected


def test_after_a_restore_the_numbers_go_on_where_no_client_has_been(ada: Person, club: str, tables: Tables) -> None:
    """By the statement in docs/databases.md, so that nothing of the lost changes is taken for what comes after them."""
    task = f"{club}/tasks/{ada.create(f'{club}/tasks', title='Sow')['id']}"
    lost = ada.client.get(task).headers["ETag"]
    first, last = Copy(ada.client, club), Copy(ada.client, club)
    first.page(limit=1)
    last.sync()

    statement = re.search(r"```sql\n +(.*)\n", (ROOT / "docs" / "databases.md").read_text(encoding="utf-8"))
    assert statement is not None
    tables.write(text(statement[1]))

    for copy in (first, last):
        rejected(ada.client.get(f"{club}/changes", params={"cursor": copy.cursor}), 410, "cursor-expired")
    assert ok(ada.client.merge(task, {"title": "Reap"}))["revision"] == ada.head(club) > 1_000_000
    rejected(ada.client.merge(task, {"title": "Dig"}, If_Match=lost), 412, "precondition-failed")
    last.begin_again()
    ok(ada.client.merge(task, {"title": "Dig"}))
    assert changed(last.sync()) == [("task", task.rpartition("/")[2], False)]
    assert equal(last)
