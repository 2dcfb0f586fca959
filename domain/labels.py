"""Labels: the words that tasks of a workspace are marked with."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import blank, distinct, moves, pages, positions, steps, task_links
from domain.checks import Checks
from domain.limits import LimitReached
from domain.model.labels import Label, LabelEvent, LabelExists, LabelNotFound, LabelUnknown, name_key
from domain.pages import DEFAULT_LIMIT, Page
from domain.trash import Deletion
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given

MOST_LABELS: Final = 1000
"""How many labels a workspace has at most."""


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Label]:
    """Return the workspace's labels, in their order. Raises CursorInvalid."""
    binding = f"labels {uow.workspace_id}"
    place = None
    if cursor is not None:
        (position,) = pages.decode(cursor, binding, count=1)
        place = pages.text_from_key(position)

    async def fetch(after: str | None, count: int) -> Sequence[Label]:
        return await uow.labels.page(uow.workspace_id, after=after, limit=count)

    return await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda label: label.position,
        weigh=lambda label: pages.weight(*label.texts),
        limit=limit,
        cursor_of=lambda label: pages.encode(binding, label.position),
    )


async def create(uow: UnitOfWork, *, name: str, color: str | None = None, label_id: UUID | None = None) -> Label:
    """Create a label after all others. Raises TextBlank, LabelExists, LimitReached, IdTaken."""
    blank.require_seen(name, name="name")
    await _require_free(uow, name)
    if await uow.labels.count(uow.workspace_id) >= MOST_LABELS:
        raise LimitReached("workspace", things="labels", most=MOST_LABELS)
    label = Label(
        id=label_id or uow.new_id(),
        workspace_id=uow.workspace_id,
        name=name,
        color=_color(color),
        position=positions.after(await uow.labels.last_position(uow.workspace_id)),
        created_at=uow.now,
        updated_at=uow.now,
        revision=await uow.next_revision(),
    )
    await uow.labels.add(label)
    return label


async def get(uow: UnitOfWork, label_id: UUID) -> Label:
    """Return one label of the workspace. Raises LabelNotFound."""
    label = await uow.labels.get(uow.workspace_id, label_id)
    if label is None:
        raise LabelNotFound(label_id)
    return label


async def update(
    uow: UnitOfWork, label_id: UUID, *, name: str | Unset = UNSET, color: str | Unset | None = UNSET
) -> Label:
    """Change a label. Raises TextBlank, LabelNotFound, LabelExists."""
    blank.require_seen(name, name="name")
    label = await get(uow, label_id)
    color = color if color is UNSET else _color(color)
    changed = replace(label, **given(name=name, color=color))
    if changed == label:
        return label
    if changed.name_key != label.name_key:
        await _require_free(uow, changed.name)
    return await _store(uow, label, changed, event="label.updated")


async def delete(uow: UnitOfWork, label_id: UUID) -> None:
    """Take a label from all tasks, some in each change, and put it into the trash in the last one.

    Raises LabelNotFound, ChangedMeanwhile.
    """
    deletion = Deletion("label", label_id)

    async def take_from_some(limit: int) -> int:
        label = await get(uow, label_id)
        trash_id = await deletion.step(uow, title=label.name)
        count, tasks = await uow.tasks.hide_label(uow.workspace_id, label_id, trash_id=trash_id, limit=limit)
        if tasks:
            revisions = {uow.workspace_id: await uow.next_revision()}
            await task_links.remove_from_all(uow, tasks, task_links.LABELS, label_id, revisions=revisions)
        return count

    await steps.in_steps(uow, take_from_some, first=steps.FEW)
    revision = await uow.next_revision()
    await uow.labels.delete(uow.workspace_id, label_id, trash_id=deletion.entry_id, revision=revision)


async def move(uow: UnitOfWork, label_id: UUID, *, before: UUID | Unset = UNSET, after: UUID | Unset = UNSET) -> Label:
    """Move a label directly before or after another one. One that is there already does not change.

    Raises LabelNotFound, BeforeAndAfter, SiblingUnknown, BesideItself.
    """
    label = await get(uow, label_id)
    target = moves.beside("label", [label_id], before=before, after=after)
    if target is None:
        return label
    cut = target.cut_at(await uow.labels.get(uow.workspace_id, target.sibling_id))

    async def around(count: int) -> Sequence[Label]:
        return await uow.labels.around(uow.workspace_id, cut=cut, limit=count)

    for each, position in await moves.move_to(around, cut, mover=label):
        moved = await _store(uow, each, replace(each, position=position), event="label.moved")
    return moved


async def require_all(uow: UnitOfWork, label_ids: Sequence[UUID]) -> None:
    """Raise LabelUnknown, IdRepeated or InvalidTogether unless the *label_ids* of the body are labels, each once."""
    distinct.require_distinct(label_ids, name="label_ids")
    existing = await uow.labels.existing(uow.workspace_id, label_ids) if label_ids else ()
    checks = Checks()
    for index, label_id in enumerate(label_ids):
        with checks:
            if label_id not in existing:
                raise LabelUnknown(label_id, index=index)
    checks.finish()


async def _require_free(uow: UnitOfWork, name: str) -> None:
    found = await uow.labels.named(uow.workspace_id, name_key(name))
    if found is not None:
        raise LabelExists(found)


async def _store(uow: UnitOfWork, label: Label, changed: Label, *, event: LabelEvent) -> Label:
    if changed == label:
        return label
    changed = replace(changed, updated_at=uow.now, revision=await uow.next_revision())
    await uow.labels.update(changed, before=label, event=event)
    return changed


def _color(color: str | None) -> str | None:
    return None if color is None else color.lower()
