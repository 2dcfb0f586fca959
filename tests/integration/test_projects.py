"""Projects and the inbox."""

from __future__ import annotations

import pytest

from domain.pages import MAX_BYTES
from tests.support.clients import Person, created, everything, no_content, ok, pages, rejected
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


@pytest.fixture
def garden(ada: Person) -> str:
    """The path of a project of Ada's."""
    return f"{ada.home}/projects/{ada.create('projects', name='Garden', description='*Outside*')['id']}"


@pytest.fixture
def inbox(ada: Person) -> str:
    """The path of Ada's inbox."""
    return f"{ada.home}/projects/{everything(ada.client, f'{ada.home}/projects')[0]['id']}"


def names(person: Person, **parameters: object) -> list[str]:
    return [project["name"] for project in everything(person.client, f"{person.home}/projects", **parameters)]


def test_a_new_project_is_the_last_one(ada: Person) -> None:
    response = ada.client.post(f"{ada.home}/projects", json={"name": "Garden", "description": "*Outside*"})
    project = created(response)
    assert {key: project[key] for key in ("name", "description", "is_inbox", "archived_at", "workspace_id")} == {
        "name": "Garden",
        "description": "*Outside*",
        "is_inbox": False,
        "archived_at": None,
        "workspace_id": ada.workspace_id,
    }
    assert (project["revision"], response.headers["ETag"]) == (2, '"2"')
    assert response.headers["Location"] == f"{ada.home}/projects/{project['id']}"
    assert ok(ada.client.get(response.headers["Location"])) == project
    assert names(ada) == ["Inbox", "Garden"]


def test_a_description_is_empty_by_default(ada: Person) -> None:
    assert ada.create("projects", name="Garden")["description"] == ""


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"#/name required"}),
        ({"name": ""}, {"#/name min-length"}),
        ({"name": "x" * 121}, {"#/name max-length"}),
        ({"name": "Garden", "description": "x" * 16385}, {"#/description max-length"}),
        ({"name": "Garden", "description": 1}, {"#/description type"}),
        ({"name": "Garden", "is_inbox": True, "id": UNKNOWN_ID}, {"#/is_inbox read-only"}),
        ({"name": "Garden", "id": UNKNOWN_ID.replace("-7", "-4")}, {"#/id pattern"}),
        ({"name": "Gar\0den"}, {"#/name nul"}),
    ],
)
def test_an_invalid_project_is_rejected(ada: Person, body: object, faults: set[str]) -> None:
    assert rejected(ada.client.post(f"{ada.home}/projects", json=body), 422, "invalid-body") == faults
    assert ada.head() == 1


def test_a_body_that_is_too_large_is_rejected(ada: Person) -> None:
    body = {"name": "Garden", "description": "x" * 300_000}
    rejected(ada.client.post(f"{ada.home}/projects", json=body), 413, "content-too-large")


def test_projects_come_in_pages_in_their_order(ada: Person) -> None:
    for number in range(5):
        ada.create("projects", name=f"Project {number}")
    found = pages(ada.client, f"{ada.home}/projects", limit=2)
    assert [[project["name"] for project in page] for page in found] == [
        ["Inbox", "Project 0"],
        ["Project 1", "Project 2"],
        ["Project 3", "Project 4"],
    ]
    positions = [project["position"] for page in found for project in page]
    assert positions == sorted(positions)


def test_pages_neither_skip_nor_repeat_while_projects_are_created_and_deleted(ada: Person) -> None:
    ids = [ada.create("projects", name=f"Project {number}")["id"] for number in range(4)]
    first = ok(ada.client.get(f"{ada.home}/projects", params={"limit": 3}))
    no_content(ada.client.delete(f"{ada.home}/projects/{ids[1]}"))  # the project that the cursor points at
    ada.create("projects", name="Project 4")
    rest = everything(ada.client, f"{ada.home}/projects", cursor=first["next_cursor"])
    assert [project["name"] for project in rest] == ["Project 2", "Project 3", "Project 4"]


def test_a_cursor_belongs_to_its_filter_and_workspace(ada: Person) -> None:
    ada.create("projects", name="Garden")
    cursor = ok(ada.client.get(f"{ada.home}/projects", params={"limit": 1}))["next_cursor"]
    other = ada.create("/v1/workspaces", name="Household")["id"]
    for path, archived in ((f"{ada.home}/projects", "true"), (f"/v1/workspaces/{other}/projects", "false")):
        response = ada.client.get(path, params={"cursor": cursor, "archived": archived})
        assert rejected(response, 400, "invalid-cursor") == {"cursor cursor"}
    again = ok(ada.client.get(f"{ada.home}/projects", params={"cursor": cursor, "archived": "false", "limit": 7}))
    assert [project["name"] for project in again["items"]] == ["Garden"]


@pytest.mark.parametrize("text", ["True", "1", "", "yes"])
def test_archived_is_true_or_false(ada: Person, text: str) -> None:
    found = rejected(ada.client.get(f"{ada.home}/projects", params={"archived": text}), 400, "invalid-parameters")
    assert {place.split()[0] for place in found} == {"archived"}


def test_an_unchanged_list_is_not_sent_again(ada: Person, garden: str) -> None:
    etag = ada.client.get(f"{ada.home}/projects").headers["ETag"]
    ada.create("tasks", title="Buy milk")
    assert ada.client.get(f"{ada.home}/projects", headers={"If-None-Match": etag}).status_code == 304
    ok(ada.client.merge(garden, {"name": "Balcony"}))
    assert ada.client.get(f"{ada.home}/projects", headers={"If-None-Match": etag}).status_code == 200


def test_an_unchanged_project_is_not_sent_again(ada: Person, garden: str) -> None:
    etag = ada.client.get(garden).headers["ETag"]
    response = ada.client.get(garden, headers={"If-None-Match": f"W/{etag}"})
    assert (response.status_code, response.headers["ETag"]) == (304, etag)
    assert ada.client.get(garden, headers={"If-None-Match": "*"}).status_code == 304
    assert ada.client.head(garden, headers={"If-None-Match": etag}).status_code == 304


def test_a_patch_changes_only_what_it_names(ada: Person, garden: str) -> None:
    before = ok(ada.client.get(garden))
    after = ok(ada.client.merge(garden, {"name": "Balcony"}))
    assert after == {**before, "name": "Balcony", "revision": 3, "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert ok(ada.client.merge(garden, {"description": ""}))["name"] == "Balcony"


def test_a_patch_that_changes_nothing_takes_no_number(ada: Person, garden: str, tables: Tables) -> None:
    before, project = tables.digest(), ok(ada.client.get(garden))
    response = ada.client.merge(garden, {"name": "Garden", "description": "*Outside*"})
    assert (ok(response), response.headers["ETag"]) == (project, '"2"')
    assert tables.digest() == before


@pytest.mark.parametrize(
    ("body", "fault"),
    [({}, "# min-properties"), ({"name": None}, "#/name type"), ({"archived_at": None}, "#/archived_at read-only")],
)
def test_an_invalid_patch_is_rejected(ada: Person, garden: str, body: object, fault: str) -> None:
    assert rejected(ada.client.merge(garden, body), 422, "invalid-body") == {fault}


def test_archiving_hides_a_project_and_keeps_its_tasks(ada: Person, garden: str) -> None:
    project_id = garden.rpartition("/")[2]
    task = ada.create("tasks", title="Sow", project_id=project_id)
    archived = ok(ada.client.post(f"{garden}/archive"))
    assert (archived["archived_at"], archived["revision"]) == (archived["updated_at"], 4)
    assert (names(ada), names(ada, archived="true")) == (["Inbox"], ["Garden"])
    assert ok(ada.client.get(f"{ada.home}/tasks/{task['id']}")) == task
    assert everything(ada.client, f"{ada.home}/tasks", project_id=project_id) == [task]


def test_archiving_twice_keeps_the_first_time(ada: Person, garden: str, tables: Tables) -> None:
    archived = ok(ada.client.post(f"{garden}/archive"))
    before = tables.digest()
    assert ok(ada.client.post(f"{garden}/archive")) == archived
    assert tables.digest() == before


def test_an_unarchived_project_is_in_its_old_place(ada: Person, garden: str, tables: Tables) -> None:
    ada.create("projects", name="House")
    position = ok(ada.client.get(garden))["position"]
    ok(ada.client.post(f"{garden}/archive"))
    back = ok(ada.client.post(f"{garden}/unarchive"))
    assert (back["archived_at"], back["position"]) == (None, position)
    assert names(ada) == ["Inbox", "Garden", "House"]
    before = tables.digest()
    assert ok(ada.client.post(f"{garden}/unarchive")) == back
    assert tables.digest() == before


def test_an_action_takes_no_body_or_an_empty_object(ada: Person, garden: str) -> None:
    rejected(ada.client.post(f"{garden}/archive", json={"name": "Garden"}), 400, "malformed-request")
    ok(ada.client.post(f"{garden}/archive", json={}))


def test_the_inbox_can_be_neither_archived_nor_deleted(ada: Person, inbox: str, tables: Tables) -> None:
    before = tables.digest()
    rejected(ada.client.delete(inbox), 409, "inbox-protected")
    rejected(ada.client.post(f"{inbox}/archive"), 409, "inbox-protected")
    assert tables.digest() == before


def test_the_inbox_can_be_renamed(ada: Person, inbox: str) -> None:
    assert ok(ada.client.merge(inbox, {"name": "Today"}))["is_inbox"] is True


def test_unarchiving_the_inbox_changes_nothing(ada: Person, inbox: str) -> None:
    assert ok(ada.client.post(f"{inbox}/unarchive"))["revision"] == 1


def test_deleting_a_project_deletes_its_tasks(ada: Person, garden: str, tables: Tables) -> None:
    project_id = garden.rpartition("/")[2]
    inside = ada.create("tasks", title="Sow", project_id=project_id)
    outside = ada.create("tasks", title="Buy milk")
    no_content(ada.client.delete(garden))
    rejected(ada.client.get(garden), 404, "not-found")
    rejected(ada.client.delete(garden), 404, "not-found")
    assert everything(ada.client, f"{ada.home}/tasks") == [outside]
    assert ada.head() == 5
    no_content(ada.client.delete(f"{ada.home}/trash"))
    assert set(tables.mentions(project_id, inside["id"])) == {"events", "tombstones"}


@pytest.mark.parametrize("action", ["GET", "PATCH", "DELETE", "POST /archive", "POST /unarchive"])
def test_a_project_that_does_not_exist_or_is_in_another_workspace_is_not_found(
    ada: Person, bob: Person, action: str
) -> None:
    method, _, suffix = action.partition(" ")
    elsewhere = bob.create("projects", name="Shed")["id"]
    for project_id in (UNKNOWN_ID, elsewhere):
        path = f"{ada.home}/projects/{project_id}"
        if action == "PATCH":
            response = ada.client.merge(path, {"name": "Mine"})
        else:
            response = ada.client.request(method, path + suffix)
        rejected(response, 404, "not-found")
    assert ok(bob.client.get(f"{bob.home}/projects/{elsewhere}"))["name"] == "Shed"


def test_a_body_is_validated_before_the_project_is_looked_up(ada: Person, garden: str) -> None:
    """In one's own workspace, checking the form of the body first gives nothing away."""
    no_content(ada.client.delete(garden))
    rejected(ada.client.merge(garden, {"nope": 1}), 422, "invalid-body")
    rejected(ada.client.merge(garden, {"name": "Balcony"}), 404, "not-found")


@pytest.mark.parametrize("archived", [False, True])
def test_a_page_of_long_descriptions_is_bounded_in_bytes(ada: Person, *, archived: bool) -> None:
    ids = [ada.create("projects", name=str(n), description="\x01" * 16_384)["id"] for n in range(15)]
    if archived:
        for project_id in ids:
            ok(ada.client.post(f"{ada.home}/projects/{project_id}/archive"))
    seen: list[str] = []
    cursor: str | None = None
    while cursor is not None or not seen:
        parameters = {"archived": str(archived).lower(), "limit": "200", **({"cursor": cursor} if cursor else {})}
        response = ada.client.get(f"{ada.home}/projects", params=parameters)
        assert len(response.content) <= MAX_BYTES
        page = ok(response)
        seen += [project["id"] for project in page["items"]]
        cursor = page["next_cursor"]
    assert [project_id for project_id in seen if project_id in ids] == ids
