"""Random requests to the server, and what the model says of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from httpx import Response
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.integration.model.batches import PERFORMED, Planned, planned
from tests.integration.model.bodies import BODIES, UNKNOWN_ID
from tests.integration.model.clocks import JumpingClock
from tests.integration.model.comparison import Server
from tests.integration.model.jobs import ReminderJobs
from tests.integration.model.members import join_workspace
from tests.integration.model.operations import OF_THE_MODEL
from tests.integration.model.reminding import HOMES, Reminding, settle
from tests.integration.model.requests import (
    BATCH,
    CHOICES,
    JOBS,
    JOIN,
    JUMP,
    REPEAT,
    RESTORE,
    Request,
    choose,
    restoration_of,
)
from tests.integration.model.things import Json, Member, Project, Reminder, Task, Thing
from tests.integration.model.workspace import Body, Reason, Refused, Workspace, conflict, refuse_if
from tests.support.clients import Person, created, new_email, new_id, no_content, ok, rejected
from tests.support.prepared import OPERATIONS
from tests.support.tables import Tables

FEW: Final = 3
"""With fewer tasks there is little to try: some are created."""
JUMPS_H: Final = (24, 1, 5, 13, 49, 99)
"""The hours by which the clock jumps."""
LONGEST: Final = dt.timedelta(days=25)
"""The clock jumps by less in a run: things are kept in the trash for 30 days."""
DUES: Final[tuple[Json, ...]] = (
    {"date": "2027-03-28", "time": "09:30", "time_zone": "Europe/Berlin"},
    {"date": "2027-04-04", "time": "02:30:15"},
    {"date": "2027-03-22"},
    {"date": "2027-03-28", "time": "02:30:15", "time_zone": "Europe/Berlin"},
)
"""When tasks are due to begin with: times that occur twice in Auckland, and not at all in Berlin, among them."""
MINUTES: Final = (10_080, 1440, 30, 0)
"""How long before that both people are reminded of the first ones."""
SENDERS: Final = {"remove_member": 0, "leave_workspace": 1}
"""By operationId, who sends it. Other requests are sent by both."""


class WorkspaceMachine(RuleBasedStateMachine):
    """A new workspace of two people, with a project, a section, a label, and three levels of tasks to begin with."""

    def __init__(
        self, people: tuple[Person, Person], tables: Tables, clock: JumpingClock, *, jobs: ReminderJobs
    ) -> None:
        super().__init__()
        self.people = people
        self.clock = clock
        clock.begin()
        accounts = {each.id: settle(each, home, now=clock.now) for each, home in zip(people, HOMES, strict=True)}
        owner, _ = people
        home = f"/v1/workspaces/{owner.create('/v1/workspaces', name='Household')['id']}"
        self.server = Server(owner, tables, home)
        self.reminding = Reminding(people, tables, home, jobs)
        (inbox,) = ok(owner.client.get(f"{home}/projects"))["items"]
        self.now = Workspace(
            head=1,
            actor=owner.id,
            instant=clock.now,
            accounts=accounts,
            members=[Member(id=owner.id)],
            projects=[Project(id=inbox["id"], created_at=1, revision=1, name="Inbox", is_inbox=True)],
        )
        self._invite()
        self.kept: list[tuple[Request, Response]] = []
        self.creates: list[Request] = []
        self.near: dict[str, Sequence[Thing]] = {}

    @initialize()
    def begin(self) -> None:
        self.perform("create_project", body={"name": "Garden", "id": new_id()})
        for name in ("Beds", "Pots"):
            self.perform("create_section", body={"name": name, "project_id": self.now.projects[-1].id})
        for name in ("wet", "dry"):
            self.perform("create_label", body={"name": name})
        self._plant({"section_id": self.now.sections[-1].id})

    def _plant(self, place: Json) -> None:
        """Create a task with subtasks on all levels, and another one with one subtask; and reminders of most."""
        full: Json = {
            "label_ids": [label.id for label in self.now.labels],
            "metadata": {"crm_id": "4711", "k": "v"},
            "assignee_ids": [member.id for member in self.now.members],
        }
        recurring: Json = {"recurrence": {"rule": "FREQ=DAILY"}}
        for titles, more in ((("Plant", "Dig", "Lift", "Pull", "Grip"), {}), (("Clean", "Mop"), recurring)):
            where = {**place, **more}
            for number, title in enumerate(titles):
                due = DUES[number % len(DUES)]
                self.perform("create_task", body={"title": title, "due": due, **full, **where})
                where = {"parent_id": self.now.tasks[-1].id}
                self._remind(self.now.tasks[-1].id, MINUTES[number : number + 1])

    def _remind(self, task_id: str, minutes: Sequence[int]) -> None:
        """Let both people be reminded of a task."""
        for before_due in minutes:
            of_owner: Json = {"before_due": before_due, "id": new_id()}
            for sender, body in enumerate((of_owner, {"before_due": before_due})):
                self.perform("create_reminder", path={"task_id": task_id}, body=body, sender=sender)

    @rule(data=st.data(), operation_id=st.sampled_from(CHOICES))
    def request(self, data: st.DataObject, operation_id: str) -> None:
        """One rule, because Hypothesis leaves some rules out of each run, and few runs would have all operations."""
        if len(self.now.tasks) < FEW:
            self._plant({})
        if operation_id == JOIN:
            self._join()
        elif operation_id == JUMP:
            self._jump(data)
        elif operation_id == JOBS:
            self._run_jobs(data)
        elif operation_id in OF_THE_MODEL:
            self._request(data, operation_id)
        elif operation_id == BATCH:
            self._batch(data)
        elif operation_id == RESTORE:
            self._restore(data)
        elif operation_id == REPEAT and self.kept:
            self._repeat(*self.kept[data.draw(st.sampled_from(range(len(self.kept))))])
        elif self.creates:
            request = self.creates[data.draw(st.sampled_from(range(len(self.creates))))]
            self._create_again(
                request, data.draw(st.sampled_from(({}, {}, {"name": "x", "title": "x", "before_due": 1})))
            )

    def _request(self, data: st.DataObject, operation_id: str) -> None:
        """An operation, on something that exists or does not, with or without a key and a condition."""
        sender = SENDERS[operation_id] if operation_id in SENDERS else data.draw(st.sampled_from((0, 0, 1)))
        self.now.actor = self.people[sender].id
        parts = choose(data.draw, self.now, operation_id, near=self.near)
        if target := parts.target:
            self.near[f"{target.kind}_id"] = self.now.relatives(target) if isinstance(target, Task) else [target]
        self.perform(
            operation_id,
            path=parts.path,
            body=parts.body,
            headers=parts.headers,
            sender=sender,
            is_stale=parts.is_stale,
        )

    def _restore(self, data: st.DataObject) -> None:
        """What the path of a restoration names is seldom in the trash by itself: this is."""
        if self.now.trash:
            deletion = self.now.trash[data.draw(st.sampled_from(range(len(self.now.trash))))]
            operation_id, path = restoration_of(deletion)
            self.perform(operation_id, path=path, sender=data.draw(st.sampled_from((0, 0, 1))))

    def _jump(self, data: st.DataObject) -> None:
        """Later, keys have expired. Nothing else has, while what is in the trash is kept. Often, the jobs run then."""
        by = dt.timedelta(hours=data.draw(st.sampled_from(JUMPS_H)))
        if self.clock.elapsed + by < LONGEST:
            self.clock.jump(by)
            self.kept.clear()
        if data.draw(st.sampled_from((True, True, False))):
            self._run_jobs(data)

    def _run_jobs(self, data: st.DataObject) -> None:
        """Let reminders fire, and let people read that now or later."""
        self._read_clock()
        self.reminding.run_jobs(self.now, renewing=data.draw(st.sampled_from((True, True, False))))
        if data.draw(st.booleans()):
            self.reminding.check_feeds(self.now, limit=1 + self.now.head % 3)

    def _join(self) -> None:
        """The guest comes back. Whoever left has no keys any more."""
        if not self._is_member(self.people[1]):
            self._invite()
            self.kept = [(sent, first) for sent, first in self.kept if sent.sender is not self.people[1]]

    def _invite(self) -> None:
        """The guest becomes a member."""
        owner, guest = self.people
        invitation = owner.create(f"{self.server.home}/invitations", email=new_email(), role="editor")
        token = self.server.tables.send_invitation(invitation["id"])
        ok(guest.client.post("/v1/invitations/accept", json={"token": token}))
        self.now = self.now.after(join_workspace, user_id=guest.id)
        self.server.check_numbers(self.now)

    def _is_admitted(self, request: Request) -> bool:
        return self._is_member(request.sender) or not OPERATIONS[request.operation_id].in_workspace

    def _is_shown(self, thing: Thing) -> bool:
        """Whether the owner is shown something that exists, or is stored."""
        if not isinstance(thing, Reminder):
            return True
        return thing.user_id == self.people[0].id and self.now.find(thing.task_id) is not None

    def _is_member(self, person: Person) -> bool:
        return person.id in {member.id for member in self.now.members}

    def _repeat(self, request: Request, first: Response) -> None:
        """A request that was sent with a key: its response is sent again, and nothing changes."""
        response = request.send(self.server.home)
        if not self._is_admitted(request):
            rejected(response, 404, "not-found")
            return
        assert (response.status_code, response.content) == (first.status_code, first.content)
        self.server.check_numbers(self.now)

    def _create_again(self, request: Request, change: Body) -> None:
        """The same id again: the same request creates nothing. Another one is refused, or one for what is deleted."""
        assert request.body is not None
        body = {**request.body, **{name: value for name, value in change.items() if name in request.body}}
        response = replace(request, sender=self.people[0], body=body, headers={}).send(self.server.home)
        thing = self.now.find(body["id"])
        if thing is None or body != request.body or not self._is_shown(thing):
            check_refused(response.json(), {conflict("id-taken")})
        else:
            self._check_shown(ok(response), thing)
        self.server.check_numbers(self.now)

    def _batch(self, data: st.DataObject) -> None:
        """Several operations in one request: each sees what the ones before it did."""
        mode = data.draw(st.sampled_from(("all_or_nothing", "each")))
        sender = self.people[data.draw(st.sampled_from((0, 1))) if self._is_member(self.people[1]) else 0]
        self.now.actor = sender.id
        plan = data.draw(planned(self.now))
        body = {"mode": mode, "operations": [{each.name: each.part} for each in plan]}
        request = Request(BATCH, sender, {}, body, {"Idempotency-Key": new_id()})
        response = self._send(request)
        first = next((index for index, each in enumerate(plan) if each.reasons), None)
        if first is not None and mode == "all_or_nothing":
            check_refused(response.json(), plan[first].reasons_at(first))
            self.server.check_numbers(self.now)
            return
        after = plan[-1].after
        self._become(after)
        assert ok(response)["revision"] == (after.head if after.events else None)
        for index, (each, result) in enumerate(zip(plan, response.json()["results"], strict=True)):
            self._check_result(result, each, index)
        self.kept.append((request, response))

    def _check_result(self, result: Json, plan: Planned, index: int) -> None:
        if plan.reasons:
            check_refused(result["problem"], plan.reasons_at(index))
            return
        method = OPERATIONS[PERFORMED[plan.name]].method
        assert result["status"] == {"create": 201}.get(plan.name, 200 if method in {"POST", "PATCH"} else 204)
        if "task" in result:
            self.server.check_shown(result["task"], plan.after.task(plan.task_id))

    def teardown(self) -> None:
        """Most reminders that are left fire then."""
        hour = dt.timedelta(hours=1)
        self.clock.jump((LONGEST - self.clock.elapsed) // hour * hour)
        self._read_clock()
        self.reminding.run_jobs(self.now, renewing=True)
        self.reminding.check_everything(self.now, limit=2 + self.now.head % 3)
        self.server.check_everything(self.now, limit=2 + self.now.head % 5)
        no_content(self.people[0].client.delete(self.server.home))

    def perform(  # noqa: PLR0913  # what a request can have
        self,
        operation_id: str,
        *,
        path: Mapping[str, str] | None = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        sender: int = 0,
        is_stale: bool = False,
    ) -> None:
        """Send a request, and compare its response and what it changed with the model."""
        request = Request(operation_id, self.people[sender], path or {}, body, headers or {})
        response = self._send(request)
        try:
            after = self._expected(request, response, is_stale=is_stale)
        except Refused as refused:
            check_refused(response.json(), refused.reasons)
            self.server.check_numbers(self.now)
            return
        self._become(after)
        self._check_sent(request, response)
        self.server.check_changed(self.now)
        if "Idempotency-Key" in request.headers:
            self.kept.append((request, response))
        if request.is_create and "id" in (request.body or {}):
            self.creates.append(request)

    def _become(self, after: Workspace) -> None:
        """The model is *after* now, and so are the numbers and the trash of the server."""
        before, self.now = self.now, after.unless_unchanged(self.now)
        self.server.check_numbers(self.now)
        self.reminding.check_stored(self.now)
        self.server.follow(self.now)
        if len(self.now.trash) != len(before.trash):
            self.server.check_trash(self.now)

    def _send(self, request: Request) -> Response:
        self._read_clock()
        response = request.send(self.server.home)
        note(f"{request} -> {response.status_code}")
        return response

    def _read_clock(self) -> None:
        self.clock.check()
        self.now.instant = self.clock.now

    def _expected(self, request: Request, response: Response, *, is_stale: bool) -> Workspace:
        """The model after a request. Raises Refused."""
        stale = {Reason(412, "precondition-failed")} if is_stale else set()
        if not self._is_admitted(request):
            raise Refused(Reason(404, "not-found"))
        try:
            self.now.actor = request.sender.id
            arguments = _arguments(request, response)
            if request.operation_id.startswith("restore_"):
                arguments["order"] = self.server.order()
            after = self.now.after(OF_THE_MODEL[request.operation_id], **arguments)
        except Refused as refused:
            raise Refused(*refused.reasons, *stale) from refused
        refuse_if(stale)
        return after

    def _check_sent(self, request: Request, response: Response) -> None:
        """What a request that succeeds gets, which is checked to be what the operation declares."""
        if response.status_code == 204:
            return no_content(response)
        body = created(response) if request.is_create else ok(response)
        if request.operation_id == "update_me":
            account = self.now.accounts[request.sender.id]
            assert (body["time_zone"], body["reminder_time"]) == (account.time_zone, account.reminder_time)
            return None
        thing_id = body["id"] if request.is_create else list(request.path.values())[-1]
        thing = self.now.find(thing_id)
        assert thing is not None
        self._check_shown(body, thing)
        assert response.headers["ETag"] == f'"{thing.revision}"'
        return None

    def _check_shown(self, shown: Json, thing: Thing) -> None:
        if isinstance(thing, Reminder):
            self.reminding.check_shown(shown, thing)
        else:
            self.server.check_shown(shown, thing)


def _arguments(request: Request, response: Response) -> dict[str, Any]:
    """What the model is given for a request: what is in its path and its body, and the id of what it creates."""
    arguments: dict[str, Any] = dict(request.path)
    if request.operation_id in BODIES:
        arguments["body"] = request.body
    if request.is_create:
        arguments["new_id"] = (request.body or {}).get("id") or response.json().get("id", UNKNOWN_ID)
    return arguments


def check_refused(problem: Json, reasons: Collection[Reason]) -> None:
    """The problem is one of those that the model names, and so are the places in its errors."""
    given = problem.get("status"), problem.get("type", "").rpartition(":")[2]
    pointers = {reason.pointer for reason in reasons if (reason.status, reason.slug) == given}
    assert pointers, f"{problem} is none of {reasons}"
    named = {error["pointer"] for error in problem.get("errors", ())}
    assert None in pointers or (named and named <= pointers), f"{named} are not among {pointers}"
