import datetime as dt
from uuid import UUID

import pytest

from domain import labels, single_links, tasks
from domain.errors import InvalidTogether
from domain.limits import LimitReached
from domain.model.labels import Label, LabelExists, LabelNotFound, LabelUnknown, name_key
from domain.moves import BeforeAndAfter, BesideItself, SiblingUnknown
from domain.steps import FEW, STEP
from domain.tasks import TaskDraft, TaskEdit
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY

LATER = NOON + dt.timedelta(hours=1)


async def create(uow: FakeUnitOfWork, name: str) -> Label:
    return await labels.create(uow.unit(), name=name)


async def labelled(uow: FakeUnitOfWork, *label_ids: UUID) -> UUID:
    return (await tasks.create(uow.unit(), TaskDraft(title="Sow", label_ids=label_ids))).id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Garden", "gARDEN"),
        ("Gärten", "GARTEN"),
        ("Café", "cafe\u0301"),
        ("Straße", "STRASSE"),
        ("ﬁle", "FILE"),
        ("Ⅷ", "viii"),
        ("\uff37ide", "wide"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
        (" two  words ", "TWO WORDS"),
        ("two\u3000\twords", "two words"),
        ("Gar\u200bden\ufeff", "Garden"),
        ("Gar\u00adden", "Garden"),
        ("\u2764\ufe0f", "\u2764"),
        ("two \u200b words", "two words"),
    ],
)
def test_names_that_differ_only_in_what_a_reader_does_not_see_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_other_letters_have_other_keys() -> None:
    assert len({name_key(name) for name in ("Home", "House", "家", "Ø", "O", "1", "🏠", "🏡")}) == 8


async def test_a_new_label_is_the_last_one_and_its_color_is_in_lower_case(uow: FakeUnitOfWork) -> None:
    first = await create(uow, "First")
    last = await labels.create(uow.unit(now=LATER), name="Last", color="#ABCDEF")

    assert (last.color, last.created_at, first.position < last.position) == ("#abcdef", LATER, True)
    assert (await labels.page(uow.unit())).items == (first, last)


async def test_a_second_label_of_a_name_is_refused_with_the_id_of_the_first(uow: FakeUnitOfWork) -> None:
    first = await create(uow, "Außen")
    other = await create(uow, "Inside")

    with pytest.raises(LabelExists) as raised:
        await create(uow, "AUSSEN")
    assert raised.value.existing_id == first.id
    with pytest.raises(LabelExists) as raised:
        await labels.update(uow.unit(), other.id, name="aussen")
    assert raised.value.existing_id == first.id


async def test_a_label_can_change_the_case_of_its_own_name(uow: FakeUnitOfWork) -> None:
    label = await create(uow, "garden")

    changed = await labels.update(uow.unit(now=LATER), label.id, name="Garden")

    assert (changed.name, changed.updated_at, changed.revision) == ("Garden", LATER, label.revision + 1)
    assert await labels.update(uow.unit(), label.id, name="Garden", color=None) == changed


async def test_a_workspace_has_at_most_a_thousand_labels(uow: FakeUnitOfWork) -> None:
    for number in range(labels.MOST_LABELS):
        await create(uow, f"Label {number}")

    with pytest.raises(LimitReached):
        await create(uow, "One more")


async def test_a_task_has_labels_of_its_workspace_only(uow: FakeUnitOfWork) -> None:
    label = await create(uow, "Wet")
    for unknown in ([NOBODY, label.id, UUID(int=1)],):
        with pytest.raises(InvalidTogether) as raised:
            await tasks.create(uow.unit(), TaskDraft(title="Sow", label_ids=unknown))
        assert [each.pointer for each in raised.value.errors] == ["#/label_ids/0", "#/label_ids/2"]
    task_id = await labelled(uow, label.id)
    with pytest.raises(LabelUnknown):
        await tasks.update(uow.unit(), task_id, edit=TaskEdit(label_ids=[NOBODY]))
    with pytest.raises(LabelNotFound):
        await single_links.add_label(uow.unit(), task_id, label_id=NOBODY)
    with pytest.raises(LabelNotFound):
        await single_links.remove_label(uow.unit(), task_id, label_id=NOBODY)


async def test_adding_and_removing_a_label_keeps_the_others_and_can_be_repeated(uow: FakeUnitOfWork) -> None:
    first, second, third = [(await create(uow, name)).id for name in ("a", "b", "c")]
    task_id = await labelled(uow, first, third)

    added = await single_links.add_label(uow.unit(now=LATER), task_id, label_id=second)
    assert (added.label_ids, added.updated_at) == ((first, second, third), LATER)
    assert await single_links.add_label(uow.unit(), task_id, label_id=second) == added
    removed = await single_links.remove_label(uow.unit(), task_id, label_id=first)
    assert removed.label_ids == (second, third)
    assert await single_links.remove_label(uow.unit(), task_id, label_id=first) == removed


async def test_a_task_has_at_most_fifty_labels(uow: FakeUnitOfWork) -> None:
    ids = [(await create(uow, f"Label {number}")).id for number in range(51)]
    task_id = await labelled(uow, *ids[:50])

    with pytest.raises(LimitReached):
        await single_links.add_label(uow.unit(), task_id, label_id=ids[50])


async def test_a_deleted_label_is_taken_from_all_tasks_some_in_each_change(uow: FakeUnitOfWork) -> None:
    gone, kept = (await create(uow, "Gone")).id, (await create(uow, "Kept")).id
    for _ in range(FEW + STEP + 1):
        await labelled(uow, gone, kept)
    before = uow.store.workspaces[uow.workspace_id].head

    await labels.delete(uow.unit(now=LATER), gone)

    changed = list(uow.store.tasks.values())
    assert {(task.label_ids, task.updated_at) for task in changed} == {((kept,), LATER)}
    assert {task.revision for task in changed} == {before + 1, before + 2, before + 3}
    with pytest.raises(LabelNotFound):
        await labels.get(uow.unit(), gone)


async def test_a_label_is_moved_directly_beside_another_one(uow: FakeUnitOfWork) -> None:
    a, b, c = [await labels.create(uow.unit(), name=name) for name in "abc"]

    moved = await labels.move(uow.unit(now=LATER), a.id, after=b.id)
    await labels.move(uow.unit(), c.id, before=b.id)

    page = await labels.page(uow.unit())
    assert "".join(each.name for each in page.items)[-3:] == "cba"
    assert moved.updated_at == LATER
    assert uow.store.logged(uow.workspace_id, moved.revision) == [("label.moved", a.id)]
    before = uow.store.workspaces[uow.workspace_id].head
    assert await labels.move(uow.unit(), a.id, after=b.id) == moved
    assert await labels.move(uow.unit(), a.id) == moved
    assert uow.store.workspaces[uow.workspace_id].head == before


async def test_a_label_is_not_moved_beside_itself_or_what_does_not_exist(uow: FakeUnitOfWork) -> None:
    a, b = [await labels.create(uow.unit(), name=name) for name in "ab"]

    with pytest.raises(BeforeAndAfter):
        await labels.move(uow.unit(), a.id, before=b.id, after=b.id)
    with pytest.raises(BesideItself):
        await labels.move(uow.unit(), a.id, before=a.id)
    with pytest.raises(SiblingUnknown):
        await labels.move(uow.unit(), a.id, after=NOBODY)
    with pytest.raises(LabelNotFound):
        await labels.move(uow.unit(), NOBODY, after=a.id)


async def test_neighbours_of_a_label_make_room_once_a_position_would_be_too_long(uow: FakeUnitOfWork) -> None:
    a, b, c = [await labels.create(uow.unit(), name=name) for name in "abc"]
    changes = 0
    for n in range(600):
        moved = await labels.move(uow.unit(), (b, c)[n % 2].id, after=a.id)
        changes = max(changes, len(uow.store.logged(uow.workspace_id, moved.revision)))
        found = sorted(uow.store.of(Label).values(), key=lambda each: each.position)
        assert "".join(each.name for each in found)[-3:] == ("abc", "acb")[n % 2]
    assert changes > 1
