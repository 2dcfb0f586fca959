"""Moving tasks, with their subtasks: among siblings, to another project, section or parent."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from domain import changeable, families, moves, positions, tasks, unknown_places
from domain.checks import Checks
from domain.limits import LimitReached
from domain.model.sections import SectionUnknown
from domain.model.tasks import Bucket, NotWithParent, ParentUnknown, Task, TaskQuery
from domain.moves import Beside, BesideItself, NotBesideSibling, Room, SiblingUnknown
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset

_CROWDED: Final = "Too many tasks are close together at this place. Choose another one, such as the end of the project."


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDestination:
    """Where a task is moved to, as a request says it. `move` says how UNSET and None are read."""

    project_id: UUID | Unset = UNSET
    section_id: UUID | Unset | None = UNSET
    parent_id: UUID | Unset | None = UNSET
    before: UUID | Unset = UNSET
    after: UUID | Unset = UNSET

    @property
    def place(self) -> Mapping[str, UUID | Unset | None]:
        """What it says of the project, the section and the parent."""
        return {"project_id": self.project_id, "section_id": self.section_id, "parent_id": self.parent_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a task goes: between the positions before *cut* and the others. *named_by* is the member that says so."""

    project_id: UUID
    section_id: UUID | None
    parent_id: UUID | None
    cut: str = positions.END
    named_by: str


async def move(uow: UnitOfWork, task_id: UUID, *, to: TaskDestination) -> Task:
    """Move a task with its subtasks, and return it as it is now. One that is there already does not change.

    `before` or `after` decides where, or else `parent_id`, `section_id`, `project_id`, in this order. Other
    values that are given must agree with it; those that are UNSET follow from it. None means without a section, or not
    a subtask.

    Raises TaskNotFound; BeforeAndAfter, SiblingUnknown, NotBesideSibling, ParentUnknown, NotWithParent, SectionUnknown,
    ProjectUnknown, BesideItself, TooDeep, or InvalidTogether; ProjectArchived, LimitReached.
    """
    found = await changeable.family(uow, task_id)
    task = found.task
    family = (task, *sorted(found.subtasks, key=lambda each: each.position))
    try:
        place = await _place(uow, task, to, family_ids={each.id for each in family})
    except (SiblingUnknown, ParentUnknown, SectionUnknown) as error:
        raise await unknown_places.with_others(uow, error, to.place) from None
    if place.project_id != task.project_id:
        await changeable.require_project(uow, place.project_id)
    if place.parent_id is not None and place.parent_id != task.parent_id:
        await families.require_room(uow, place.parent_id, moved=family, name=place.named_by)
    if place.cut == positions.END and await _is_last(uow, task, place):
        return task
    return await _store(uow, family, place)


async def _is_last(uow: UnitOfWork, task: Task, place: _Place) -> bool:
    """Whether a task is at a place already, the last of its siblings or, if it is not a subtask, of its section."""
    if (place.project_id, place.section_id, place.parent_id) != (task.project_id, task.section_id, task.parent_id):
        return False
    bucket = Bucket(project_id=place.project_id, section_id=place.section_id, place=("", ""))
    query = TaskQuery(
        workspace_id=uow.workspace_id,
        project_id=None,
        parent_id=place.parent_id,
        bucket=bucket if place.parent_id is None else None,
        status=None,
        order="position",
        descending=True,
        after=None,
        limit=1,
    )
    return [each.id for each in await uow.tasks.page(query)] == [task.id]


async def _store(uow: UnitOfWork, family: Sequence[Task], place: _Place) -> Task:
    async def around(count: int) -> Sequence[Task]:
        return await uow.tasks.around(uow.workspace_id, project_id=place.project_id, cut=place.cut, limit=count)

    root = family[0]
    stays = root.project_id == place.project_id
    room = await moves.make_room(around, place.cut, count=1 if stays else len(family), mover=root if stays else None)
    if room.longest > positions.MOST_CHARACTERS:
        pointer = f"#/{place.named_by}"
        raise LimitReached(
            "position", things="characters", most=positions.MOST_CHARACTERS, pointer=pointer, detail=_CROWDED
        )
    now = await tasks.store_all(uow, list(_changes(family, place, room)), event="task.moved")
    return next(each for each in now if each.id == root.id)


def _changes(family: Sequence[Task], place: _Place, room: Room[Task]) -> Iterator[tuple[Task, Task]]:
    """Return each task that may change, as it is and as it will be, in the order in which they can be stored.

    A subtask of the task that is moved may be one of its new neighbours.
    """
    found = {each.id: position for each, position in room.neighbours}
    others = [each for each in family if each.id not in found]
    found |= {each.id: position for each, position in zip(family, room.positions, strict=False)}
    coming = {each.id for each in family}
    for each in (*(near for near, _ in room.neighbours), *others):
        after = replace(each, position=found.get(each.id, each.position))
        if each.id in coming:
            after = replace(after, project_id=place.project_id, section_id=place.section_id)
        if each.id == family[0].id:
            after = replace(after, parent_id=place.parent_id)
        yield each, after


async def _place(uow: UnitOfWork, task: Task, to: TaskDestination, *, family_ids: Collection[UUID]) -> _Place:
    target = moves.beside("task", family_ids, before=to.before, after=to.after)
    if target is not None:
        return await _beside(uow, target, to)
    if to.parent_id is not UNSET and to.parent_id is not None:
        return await _under(uow, to.parent_id, to, family_ids=family_ids)
    project_id = task.project_id if to.project_id is UNSET else to.project_id
    section_id = to.section_id
    if section_id is UNSET:  # only "not a subtask" leaves a task in its section
        section_id = task.section_id if to.project_id is UNSET else None
    elif section_id is not None:
        section = await uow.sections.get(uow.workspace_id, section_id)
        if section is None or to.project_id not in {UNSET, section.project_id}:
            raise SectionUnknown(section_id)
        project_id = section.project_id
    return _Place(project_id=project_id, section_id=section_id, parent_id=None, named_by="project_id")


async def _beside(uow: UnitOfWork, target: Beside, to: TaskDestination) -> _Place:
    sibling = await uow.tasks.get(uow.workspace_id, target.sibling_id)
    if sibling is None:
        raise SiblingUnknown("task", name=target.name)
    checks = Checks()
    for name, given in to.place.items():
        with checks:
            if given not in {UNSET, getattr(sibling, name)}:
                raise NotBesideSibling("task", name=name)
    checks.finish()
    return _Place(
        project_id=sibling.project_id,
        section_id=sibling.section_id,
        parent_id=sibling.parent_id,
        cut=target.cut_at(sibling),
        named_by=target.name,
    )


async def _under(uow: UnitOfWork, parent_id: UUID, to: TaskDestination, *, family_ids: Collection[UUID]) -> _Place:
    if parent_id in family_ids:
        raise BesideItself("task", name="parent_id")
    parent = await uow.tasks.get(uow.workspace_id, parent_id)
    if parent is None:
        raise ParentUnknown(parent_id)
    checks = Checks()
    for name, given, has in (
        ("project_id", to.project_id, parent.project_id),
        ("section_id", to.section_id, parent.section_id),
    ):
        with checks:
            if given not in {UNSET, has}:
                raise NotWithParent(name)
    checks.finish()
    return _Place(project_id=parent.project_id, section_id=parent.section_id, parent_id=parent_id, named_by="parent_id")
