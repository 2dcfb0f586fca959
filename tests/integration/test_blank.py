"""Titles and names that show nothing: they are refused, with a pointer, wherever there is a name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import PASSWORD, Client, Person, created, new_email, rejected

pytestmark = pytest.mark.mostly_on_one_database

UNSEEN = ["\u200b", "\u3164", "\u2800", "\u202e", "\u00ad\u2060\ufe0f", "\U000e0041", "\ufff8"]
BLANK = {"#/name blank"}


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_a_title_that_shows_nothing_is_blank(ada: Person, text: str) -> None:
    path = f"{ada.home}/tasks"
    assert rejected(ada.client.post(path, json={"title": text}), 422, "invalid-body") == {"#/title blank"}
    task = f"{path}/{ada.create('tasks', title=f'a{text}')['id']}"
    assert rejected(ada.client.merge(task, {"title": text}), 422, "invalid-body") == {"#/title blank"}
    batch = ada.client.post(f"{path}/batch", json={"operations": [{"create": {"title": text}}]})
    assert rejected(batch, 422, "invalid-body") == {"#/operations/0/create/title blank"}


def test_a_blank_title_is_reported_with_all_other_faults(ada: Person) -> None:
    body = {"title": "\u200b", "due": {"date": "2027-03-01", "time_zone": "UTC"}}
    assert rejected(ada.client.post(f"{ada.home}/tasks", json=body), 422, "invalid-body") == {
        "#/title blank",
        "#/due/time required",
    }


def test_a_name_that_shows_nothing_is_blank_everywhere(ada: Person) -> None:
    project = ada.create("projects", name="Garden")["id"]
    bodies: dict[str, dict[str, Any]] = {"projects": {}, "labels": {}, "sections": {"project_id": project}}
    for collection, more in bodies.items():
        path = f"{ada.home}/{collection}"
        assert rejected(ada.client.post(path, json={"name": "\u3164", **more}), 422, "invalid-body") == BLANK
        thing = f"{path}/{created(ada.client.post(path, json={'name': 'Shed', **more}))['id']}"
        assert rejected(ada.client.merge(thing, {"name": "\u2800"}), 422, "invalid-body") == BLANK
    assert rejected(ada.client.post("/v1/workspaces", json={"name": "\u200b"}), 422, "invalid-body") == BLANK
    for path in (ada.home, "/v1/users/me"):
        assert rejected(ada.client.merge(path, {"name": "\u200b"}), 422, "invalid-body") == BLANK
    token = {"name": "\u200b", "scopes": ["read"]}
    assert rejected(ada.client.post("/v1/tokens", json=token), 422, "invalid-body") == BLANK


def test_the_name_of_a_new_user_is_not_blank(client: Client) -> None:
    body = {"email": new_email(), "password": PASSWORD, "name": "\u200b"}
    assert rejected(client.post("/v1/users", json=body), 422, "invalid-body") == BLANK


def test_the_name_of_a_device_is_not_blank(client: Client, ada: Person) -> None:
    body = {"email": ada.user["email"], "password": PASSWORD, "device": "\u3164"}
    assert rejected(client.post("/v1/sessions", json=body), 422, "invalid-body") == {"#/device blank"}


def test_a_comment_is_not_blank(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}/comments"
    comment = f"{path}/{created(ada.client.post(path, json={'text': 'Deep'}))['id']}"
    assert rejected(ada.client.post(path, json={"text": "\u2060"}), 422, "invalid-body") == {"#/text blank"}
    assert rejected(ada.client.merge(comment, {"text": "\u00ad"}), 422, "invalid-body") == {"#/text blank"}
