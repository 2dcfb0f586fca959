"""Batches of operations on tasks, and what must become of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import strategies as st

from handlers.task_batches import OPERATIONS as PERFORMED
from tests.integration.model.bodies import BODIES, ids, things_named
from tests.integration.model.operations import OF_THE_MODEL
from tests.integration.model.things import Json
from tests.integration.model.workspace import Reason, Refused, Workspace
from tests.support.clients import new_id
from tests.support.prepared import OPERATIONS

__all__ = ["PERFORMED", "Planned", "planned"]

STALE: Final = Reason(412, "precondition-failed")


@dataclass(frozen=True, slots=True)
class Planned:
    """One operation of a batch: what is sent, and the workspace after it, or the reasons why it is refused."""

    name: str
    part: Json
    after: Workspace
    reasons: frozenset[Reason]

    def __repr__(self) -> str:
        return f"{self.name} {self.part}"

    @property
    def task_id(self) -> str:
        return str(self.part["id" if self.name == "create" else "task_id"])

    def reasons_at(self, index: int) -> set[Reason]:
        """The reasons with pointers into the batch."""
        place = f"#/operations/{index}/{self.name}" + ("" if self.name == "create" else "/body")
        return {replace(each, pointer=each.pointer and place + each.pointer.removeprefix("#")) for each in self.reasons}


@st.composite
def planned(draw: st.DrawFn, now: Workspace) -> list[Planned]:
    """Some operations, each on what is there after the ones before."""
    state, plan = now.begun(), []
    for _ in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(sorted(name for name in PERFORMED if name != "restore")))
        part = _create(draw, state) if name == "create" else _part(draw, state, PERFORMED[name])
        reasons: frozenset[Reason] = frozenset()
        try:
            after = state.then(OF_THE_MODEL[PERFORMED[name]], **_arguments(name, part))
        except Refused as refused:
            after, reasons = state, refused.reasons
        task = state.find(part.get("task_id"))
        if task and part.get("revision") not in {None, task.revision}:
            after, reasons = state, reasons | {STALE}
        state = after
        plan.append(Planned(name, part, state, reasons))
    return plan


def _create(draw: st.DrawFn, now: Workspace) -> Json:
    return {**draw(BODIES["create_task"](now)), "id": new_id()}


def _part(draw: st.DrawFn, now: Workspace, operation_id: str) -> Json:
    _, *names = OPERATIONS[operation_id].path_names
    part: Json = {name: draw(ids(things_named(now, name, operation_id=operation_id))) for name in names}
    if len(part) > 1:  # a link, which takes no condition
        return part
    task = now.find(part["task_id"])
    if task and draw(st.booleans()):
        part["revision"] = draw(st.sampled_from((task.revision, task.revision, task.revision + 1)))
    body = draw(BODIES[operation_id](now)) if operation_id in BODIES else None
    return part if body is None else {**part, "body": body}


def _arguments(name: str, part: Json) -> dict[str, Any]:
    if name == "create":
        return {"new_id": part["id"], "body": part}
    return {key: value for key, value in part.items() if key != "revision"}
