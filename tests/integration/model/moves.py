"""Where things are moved to, and in which order they are then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from tests.integration.model.tasks import LEVELS
from tests.integration.model.things import Json, Label, Project, Section, Task, Thing
from tests.integration.model.workspace import Body, Kind, Reason, Refused, Workspace, conflict, find, invalid, refuse_if

PLACE: Final = ("project_id", "section_id", "parent_id")


def move_project(now: Workspace, *, project_id: str, body: Body) -> None:
    project = now.project(project_id)
    refuse_if({*_wrong_sibling(now.projects, project, body), *_archived(project)})
    _reorder(now, now.projects, project, body)


def move_label(now: Workspace, *, label_id: str, body: Body) -> None:
    label = now.label(label_id)
    refuse_if(_wrong_sibling(now.labels, label, body))
    _reorder(now, now.labels, label, body)


def move_section(now: Workspace, *, section_id: str, body: Body) -> None:
    """To another project its tasks come along: to the end, in their order."""
    section = now.section_to_change(section_id)
    refuse_if(_wrong_sibling(now.sections, section, body))
    sibling = find(now.sections, body.get("before") or body.get("after"))
    project_id = sibling.project_id if sibling else body.get("project_id", section.project_id)
    project = find(now.projects, project_id)
    wrong = _archived(project) if project else set()
    if project is None or body.get("project_id") not in {None, project_id}:
        wrong.add(invalid("#/project_id"))
    refuse_if(wrong)
    before = _order(now.sections, section.project_id)
    now.sections = _inserted(now.sections, [section], body)
    if _order(now.sections, section.project_id) != before:
        now.moved.add(section.key)
    if section.project_id != project_id:
        coming = [task for task in now.tasks if task.section_id == section_id]
        now.tasks = _inserted(now.tasks, coming, {})
        section.project_id = project_id
        for task in coming:
            task.project_id = project_id


def move_task(now: Workspace, *, task_id: str, body: Body) -> None:
    """Everything below it comes along: in the same project with its positions, to another one directly behind it."""
    task, *below = now.family(now.task_to_change(task_id))
    place, named_by = _place(now, task, body)
    refuse_if(_wrong(now, task, place, named_by))
    if not {"before", "after"} & body.keys() and _is_last(now, task, place):
        return
    before = _order(now.tasks, task.project_id)
    stays = place["project_id"] == task.project_id
    moved = [task] if stays else [task, *(each for each in now.tasks if each in below)]
    now.tasks = _inserted(now.tasks, moved, body)
    if _order(now.tasks, task.project_id) != before:
        now.moved.add(task.key)
    for each in (task, *below):
        each.project_id, each.section_id = place["project_id"], place["section_id"]
    task.parent_id = place["parent_id"]


def _is_last(now: Workspace, task: Task, place: Json) -> bool:
    siblings = [each for each in now.tasks if each.parent_id == task.parent_id]
    section = [each for each in now.tasks if (each.project_id, each.section_id) == (task.project_id, task.section_id)]
    is_there = all(getattr(task, member) == place[member] for member in PLACE)
    return is_there and (siblings if task.parent_id else section)[-1] is task


def _reorder(now: Workspace, things: list[Kind], moved: Kind, body: Body) -> None:
    before = list(things)
    things[:] = _inserted(things, [moved], body)
    if things != before:
        now.moved.add(moved.key)


def _inserted(things: Sequence[Kind], moved: Sequence[Kind], body: Body) -> list[Kind]:
    """*things* in their order, with those that are *moved* beside what the body names, or at the end."""
    others = [each for each in things if each not in moved]
    at = len(others)
    for name in ("before", "after"):
        if name in body:
            at = [each.id for each in others].index(body[name]) + (name == "after")
    return [*others[:at], *moved, *others[at:]]


def _order(things: Collection[Section | Task], project_id: str) -> list[str]:
    return [each.id for each in things if each.project_id == project_id]


def _wrong_sibling(
    things: Collection[Project | Section | Label], moved: Project | Section | Label, body: Body
) -> set[Reason]:
    """What is wrong with `before` and `after`."""
    if "before" in body and "after" in body:
        return {invalid("#/before"), invalid("#/after")}
    named = [name for name in ("before", "after") if name in body]
    return {invalid(f"#/{name}") for name in named if body[name] == moved.id or find(things, body[name]) is None}


def _archived(project: Project) -> set[Reason]:
    return set() if project.archived_at is None else {conflict("project-archived")}


def _place(now: Workspace, task: Task, body: Body) -> tuple[Json, str]:
    """The project, section and parent where a task goes, and the member of the body that decides it. Raises Refused."""
    if "before" in body and "after" in body:
        raise Refused(invalid("#/before"), invalid("#/after"))
    for name in ("before", "after", "parent_id"):
        if body.get(name):
            return _at(now, task, body, name), name
    place: Json = {"project_id": body.get("project_id", task.project_id), "section_id": None, "parent_id": None}
    if body.get("section_id"):
        section = find(now.sections, body["section_id"])
        if section is None or body.get("project_id") not in {None, section.project_id}:
            raise Refused(invalid("#/section_id"), *_unknown(now, body))
        place |= {"project_id": section.project_id, "section_id": section.id}
    elif not {"section_id", "project_id"} & body.keys():
        place["section_id"] = task.section_id
    return place, "project_id"


def _unknown(now: Workspace, body: Body) -> set[Reason]:
    """What the body names of the place and does not exist."""
    known: tuple[Sequence[Thing], ...] = (now.projects, now.sections, now.tasks)
    named = zip(PLACE, known, strict=True)
    return {invalid(f"#/{name}") for name, things in named if body.get(name) and find(things, body[name]) is None}


def _at(now: Workspace, task: Task, body: Body, name: str) -> Json:
    """The place beside a sibling, or under a parent. What else the body says of it must agree."""
    other = find(now.tasks, body[name])
    if other is None or other in now.family(task):
        raise Refused(invalid(f"#/{name}"), *_unknown(now, body))
    place: dict[str, Any] = {member: getattr(other, member) for member in PLACE}
    if name == "parent_id":
        place["parent_id"] = other.id
    refuse_if(invalid(f"#/{member}") for member in PLACE if member in body and body[member] != place[member])
    return place


def _wrong(now: Workspace, task: Task, place: Json, named_by: str) -> set[Reason]:
    project = find(now.projects, place["project_id"])
    wrong = {invalid("#/project_id")} if project is None else _archived(project)
    if place["parent_id"] not in {None, task.parent_id}:
        levels = max(map(now.level, now.family(task))) - now.level(task) + 1
        if now.level(now.task(place["parent_id"])) + levels > LEVELS:
            wrong.add(invalid(f"#/{named_by}"))
    return wrong
