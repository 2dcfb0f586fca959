"""The same operations on tasks, sent one by one in one workspace and as batches in another one, have the same effects.

Both workspaces begin with the same things, which have the same ids. Hypothesis chooses the operations; most of them are
about few tasks, so that they meet each other, and what does not exist, or is not allowed. `make soak` tries more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from persistence.events import events
from persistence.idempotency import client_ids
from persistence.memberships import workspaces
from persistence.octets import octets
from persistence.task_links import LINKS
from persistence.task_rows import tasks
from tests.support.clients import MERGE_PATCH, Client, Person, everything, new_id, no_content, ok, register
from tests.support.databases import AT_LENGTH
from tests.support.logs import check_log
from tests.support.tables import Tables

pytestmark = pytest.mark.unmeasured

EXAMPLES = 1000 if AT_LENGTH else 12
Json = dict[str, Any]
IDS = {name: new_id() for name in ("garden", "archived", "beds", "red", "blue", "unknown")}
TASKS = [new_id() for _ in range(5)]
OF_THE_SERVER = "an id that the server created"
DIFFERENT = {"id", "workspace_id", "revision", "created_at", "updated_at", "completed_at"}
"""What of a task depends on its workspace, its time, or its number. Ids are compared by `known`."""
WAYS: Mapping[str, tuple[str, str]] = {
    "update": ("PATCH", ""),
    "complete": ("POST", "/complete"),
    "cancel": ("POST", "/cancel"),
    "reopen": ("POST", "/reopen"),
    "move": ("POST", "/move"),
    "delete": ("DELETE", ""),
    "restore": ("POST", "/restore"),
    "add_label": ("PUT", "/labels/{label_id}"),
    "remove_label": ("DELETE", "/labels/{label_id}"),
    "add_assignee": ("PUT", "/assignees/{user_id}"),
    "remove_assignee": ("DELETE", "/assignees/{user_id}"),
    "add_dependency": ("PUT", "/dependencies/{depends_on_id}"),
    "remove_dependency": ("DELETE", "/dependencies/{depends_on_id}"),
}


def named(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from([IDS[name] for name in names])


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=members)


ME = "the user who sends the request"
user_ids = st.sampled_from([ME, ME, IDS["unknown"]])
task_ids = st.sampled_from([*TASKS, *TASKS, IDS["unknown"]])
labels = st.lists(named("red", "blue", "blue", "unknown"), max_size=2, unique=True)
dependencies = st.lists(task_ids, max_size=2, unique=True)
titles = st.sampled_from(["Sow", "Reap"])
dues = st.sampled_from([{"date": "2027-03-01"}, {"date": "2027-03-02", "time": "09:30"}, None])
recurrences = st.sampled_from([{"rule": "FREQ=WEEKLY;COUNT=3"}, {"rule": "FREQ=DAILY;BYHOUR=9"}, None])
creates = st.builds(
    lambda title, more: {"create": {"title": title, **more}},
    titles,
    some(
        id=st.sampled_from(TASKS),
        parent_id=task_ids,
        project_id=named("garden", "garden", "archived", "unknown"),
        section_id=named("beds"),
        label_ids=labels,
        depends_on_ids=dependencies,
        due=dues,
        recurrence=recurrences,
        metadata=st.just({"k": "v"}),
    ),
)
patches = some(
    title=titles,
    description=st.sampled_from(["", "long" * 100]),
    priority=st.sampled_from(["none", "high"]),
    due=st.sampled_from([{"date": "2027-03-03"}, {"time": "10:00"}, {"time_zone": "Mars/Olympus"}, None]),
    recurrence=recurrences | st.just({"overdue": "step"}),
    label_ids=labels,
    depends_on_ids=dependencies,
    metadata=st.sampled_from([{"k": None}, {"l": "w"}, None]),
).filter(bool)
destinations = some(
    project_id=named("garden", "archived", "unknown"),
    section_id=st.one_of(named("beds"), st.none()),
    parent_id=st.one_of(task_ids, st.none()),
    before=task_ids,
    after=task_ids,
).filter(bool)
conditions = st.sampled_from(["any", "any", "any", "as it was", "stale"])
"""Whether a request has a condition, and if, on the revision that the task has before all of the operations."""


def on_a_task(name: str, *, task: st.SearchStrategy[str] = task_ids, **more: st.SearchStrategy[Any]) -> Any:
    return st.builds(
        lambda task_id, condition, given: {name: {"task_id": task_id, "condition": condition, **given}},
        task,
        conditions
        if name in {"update", "complete", "cancel", "reopen", "move", "delete", "restore"}
        else st.just("any"),
        st.fixed_dictionaries(more),
    )


closes = some(subtasks=st.sampled_from(["keep", "close"]))
operations = st.one_of(
    creates,
    creates,
    creates,
    on_a_task("update", body=patches),
    on_a_task("complete", body=closes),
    on_a_task("cancel", body=closes),
    on_a_task("reopen"),
    on_a_task("move", body=destinations),
    on_a_task("move", body=destinations),
    on_a_task("delete"),
    on_a_task("restore"),
    on_a_task("add_label", label_id=named("red", "blue", "unknown")),
    on_a_task("remove_label", label_id=named("red", "blue")),
    on_a_task("add_assignee", user_id=user_ids),
    on_a_task("remove_assignee", user_id=user_ids),
    on_a_task("add_dependency", depends_on_id=task_ids),
    on_a_task("remove_dependency", depends_on_id=task_ids),
)
batches = st.lists(
    st.tuples(st.sampled_from(["all_or_nothing", "each"]), st.lists(operations, min_size=1, max_size=8)),
    min_size=1,
    max_size=3,
)


@dataclass(frozen=True)
class Workspace:
    """A workspace of a person."""

    person: Person
    tables: Tables
    home: str

    @classmethod
    def begun(cls, person: Person, tables: Tables) -> Workspace:
        """A new one, with what operations refer to."""
        home = f"/v1/workspaces/{person.create('/v1/workspaces', name='Household')['id']}"
        for name in ("garden", "archived"):
            person.create(f"{home}/projects", id=IDS[name], name=name)
        person.create(f"{home}/sections", id=IDS["beds"], name="beds", project_id=IDS["garden"])
        for name in ("red", "blue"):
            person.create(f"{home}/labels", id=IDS[name], name=name)
        person.create(f"{home}/tasks", id=TASKS[0], title="Sow", label_ids=[IDS["red"]])
        person.create(f"{home}/tasks", id=TASKS[1], title="Reap", project_id=IDS["archived"])
        ok(person.client.post(f"{home}/projects/{IDS['archived']}/archive"))
        return cls(person, tables, home)

    def tasks(self) -> list[Json]:
        """All tasks, in the order of each project."""
        found = everything(self.person.client, f"{self.home}/tasks", limit=200, sort="position")
        return sorted(found, key=lambda task: (task["project_id"], task["position"]))

    def revisions(self) -> dict[str, int]:
        return {task["id"]: task["revision"] for task in self.tasks()}

    def batch(self, mode: str, operations: Sequence[Json]) -> Response:
        """Send *operations* as one request."""
        revisions = self.revisions()
        sent = [_in_batch(*each, revisions) for each in map(self._filled, operations)]
        body = {"mode": mode, "operations": sent}
        return self.person.client.post(f"{self.home}/tasks/batch", json=body)

    def singles(self, operations: Sequence[Json]) -> Iterator[Response]:
        """Send each of *operations* when it is asked for."""
        revisions = self.revisions()
        for operation in operations:
            yield self._single(operation, revisions)

    def _filled(self, operation: Json) -> tuple[str, Json]:
        """The name of an operation, and its members with the id of the user."""
        ((name, members),) = operation.items()
        return name, {key: self.person.id if value == ME else value for key, value in members.items()}

    def _single(self, operation: Json, revisions: Mapping[str, int]) -> Response:
        name, members = self._filled(operation)
        if name == "create":
            return self.person.client.post(f"{self.home}/tasks", json=members)
        method, action = WAYS[name]
        path = f"{self.home}/tasks/{members['task_id']}{action.format(**members)}"
        revision = _revision(members, revisions)
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        if "body" not in members:
            return self.person.client.request(method, path, headers=headers)
        headers["Content-Type"] = MERGE_PATCH if method == "PATCH" else "application/json"
        return self.person.client.request(method, path, json=members["body"], headers=headers)

    def state(self) -> object:
        """All that the operations can change, as far as it does not depend on the workspace, times and numbers."""
        workspace_id = self.home.rpartition("/")[2]
        here = UUID(workspace_id)
        usage = select(workspaces.c.content_bytes, workspaces.c.log_bytes).where(workspaces.c.id == here)
        ((content_bytes, log_bytes),) = self.tables.rows(usage)
        bodies = select(func.sum(octets(events.c.body))).where(events.c.workspace_id == here)
        assert self.tables.rows(bodies) == [(log_bytes,)]
        claimed = select(client_ids.c.id).where(client_ids.c.space_id == here)
        links = {
            name: self.tables.rows(select(each.table.c.task_id, each.other).where(each.table.c.workspace_id == here))
            for name, each in LINKS.items()
        }
        closed_with = select(tasks.c.id, tasks.c.closed_with).where(tasks.c.workspace_id == here)
        log = [event for event in check_log(self.tables, workspace_id) if event.kind == "task"]
        return {
            "tasks": [view(task) for task in self.tasks()],
            "log": [(event.type, known(event.entity_id), event.actor_id, view(event.payload or {})) for event in log],
            "content_bytes": content_bytes,
            "claimed": {str(each) for (each,) in self.tables.rows(claimed)},
            "links": {name: sorted((known(str(a)), known(str(b))) for a, b in rows) for name, rows in links.items()},
            "closed_with": sorted((known(str(a)), known(str(b))) for a, b in self.tables.rows(closed_with)),
        }


def known(thing_id: str) -> str:
    return thing_id if thing_id in {*TASKS, *IDS.values(), "None"} else OF_THE_SERVER


def view(thing: Json) -> Json:
    """What is to be equal of a task, or of the payload of an event."""
    compared: Json = {name: value for name, value in thing.items() if name not in DIFFERENT}
    ids = {name: known(str(thing[name])) for name in ("id", "project_id", "parent_id") if name in thing}
    return compared | ids | {"is_completed": thing.get("completed_at") is not None}


def _revision(members: Json, revisions: Mapping[str, int]) -> int | None:
    return {"any": None, "as it was": revisions.get(members["task_id"]), "stale": 1}[members["condition"]]


def _in_batch(name: str, members: Json, revisions: Mapping[str, int]) -> Json:
    if name == "create":
        return {name: members}
    revision = _revision(members, revisions)
    sent = {key: value for key, value in members.items() if key != "condition"}
    return {name: sent | ({} if revision is None else {"revision": revision})}


Outcome = tuple[int, Json | None, str, str, set[str]]
"""A status; the task; of a problem the type, the sentence, and the places of its faults."""


def outcome(status: int, *, task: Json | None = None, problem: Json | None = None) -> Outcome:
    if problem is None:
        return status, task and view(task), "", "", set()
    places = {f"{fault['pointer']} {fault['code']}" for fault in problem.get("errors", ())}
    return status, None, problem["type"], problem["detail"], places


def of_single(response: Response) -> Outcome:
    if response.is_success:
        return outcome(response.status_code, task=response.json() if response.content else None)
    return outcome(response.status_code, problem=response.json())


def of_part(result: Json, index: int, operation: Json) -> Outcome:
    """The outcome of an operation in a batch, with the places that it has in a request of its own."""
    if "problem" not in result:
        return outcome(result["status"], task=result.get("task"))
    ((name, _),) = operation.items()
    here = f"#/operations/{index}"
    body = f"{here}/{name}" if name == "create" else f"{here}/{name}/body"
    errors = [
        {**fault, "pointer": fault["pointer"].replace(body, "#", 1)}
        for fault in result["problem"]["errors"]
        if fault["pointer"] != here  # it is about the operation as a whole
    ]
    return outcome(result["status"], problem={**result["problem"], "errors": errors})


def perform(one: Workspace, many: Workspace, mode: str, operations: Sequence[Json]) -> None:
    """Perform *operations* in both workspaces, and compare what each returns."""
    before = many.state()
    response = many.batch(mode, operations)
    if response.is_success:
        results = response.json()["results"]
    else:
        assert mode == "all_or_nothing"
        assert many.state() == before
        problem = response.json()
        failed = int(problem["errors"][0]["pointer"].split("/")[2])
        operations = operations[: failed + 1]
        results = ok(many.batch(mode, operations[:-1]))["results"] if failed else []
        results.append({"status": response.status_code, "problem": problem})
    for index, (operation, result, single) in enumerate(zip(operations, results, one.singles(operations), strict=True)):
        assert of_part(result, index, operation) == of_single(single), (index, operation)
    assert many.state() == one.state()


@pytest.fixture(scope="module")
def person(server: str) -> Iterator[Person]:
    with Client(server) as client:
        yield register(client)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not AT_LENGTH,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=batches)
def test_a_batch_has_the_effects_of_single_requests(
    person: Person, tables: Tables, batches: list[tuple[str, list[Json]]]
) -> None:
    one, many = (Workspace.begun(person, tables) for _ in range(2))
    try:
        for mode, operations in batches:
            perform(one, many, mode, operations)
    finally:
        for workspace in (one, many):
            no_content(person.client.delete(workspace.home))
