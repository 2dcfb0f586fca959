"""Clients that keep a copy of a workspace by requesting what has changed."""

from __future__ import annotations

from tests.support.clients import Person, no_content, ok, rejected
from tests.support.copies import Copy, all_things


def test_a_copy_is_equal_after_the_first_sync_and_after_each_further_one(ada: Person) -> None:
    garden = ada.create("projects", name="Garden")["id"]
    task = ada.create("tasks", title="Sow", project_id=garden)["id"]
    copy = Copy(ada.client, ada.home)
    assert [each["type"] for each in copy.sync(limit=2)] == ["workspace", "member", "project", "project", "task"]
    assert copy.things == all_things(ada.client, ada.home)

    ok(ada.client.merge(f"{ada.home}/tasks/{task}", {"title": "Sow beans"}))
    ok(ada.client.post(f"{ada.home}/tasks/{task}/complete"))
    no_content(ada.client.delete(f"{ada.home}/projects/{garden}"))
    assert [(each["type"], each["id"], each["deleted"]) for each in copy.sync()] == [
        ("task", task, True),
        ("project", garden, True),
    ]
    assert copy.things == all_things(ada.client, ada.home)
    assert copy.sync() == []


def test_a_cursor_is_of_one_workspace_and_of_its_types(ada: Person) -> None:
    cursor = Copy(ada.client, ada.home, {"types": ["task"]}).page()["next_cursor"]
    changes = f"{ada.home}/changes"
    other = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Club')['id']}/changes"
    assert ok(ada.client.get(changes, params={"types": ["task"], "cursor": cursor}))["items"] == []
    for path, parameters in ((changes, {}), (changes, {"types": ["task", "label"]}), (other, {"types": ["task"]})):
        response = ada.client.get(path, params={**parameters, "cursor": cursor})
        assert rejected(response, 400, "invalid-cursor") == {"cursor cursor"}
