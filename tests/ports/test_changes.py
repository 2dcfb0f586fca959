import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain.model.changes import ChangeType, CommentFilter, LogEntry, LogPlace
from domain.model.users import User
from domain.model.workspaces import Workspace
from tests.support.defaults import NOON
from tests.support.things import DAY, HOUR, NOBODY, comment, ident, label, member, project, section, task
from tests.support.worlds import World


async def entries(world: World, place: Workspace, *, after: LogPlace, limit: int = 50) -> Sequence[LogEntry]:
    async with world.unit() as uow:
        return await uow.changes.entries(place.id, after=after, limit=limit)


async def deletions(world: World, place: Workspace, *ids: UUID) -> dict[tuple[str, UUID], int]:
    async with world.unit() as uow:
        return dict(await uow.changes.deletions(place.id, ids))


async def test_a_new_workspace_can_be_followed_from_its_beginning(
    world: World, home: Workspace, other: Workspace, ada: User, bob: User
) -> None:
    async with world.unit() as uow:
        assert await uow.changes.bounds(home.id) == (1, 0)
    found = await entries(world, home, after=LogPlace(0, 0))
    assert [(each.place, each.type, each.entity_id, each.is_end) for each in found] == [
        (LogPlace(1, 1), "workspace", home.id, False),
        (LogPlace(1, 2), "member", ada.id, False),
        (LogPlace(1, 3), "member", bob.id, False),
    ]
    assert [each.type for each in await entries(world, other, after=LogPlace(0, 0))] == ["workspace", "member"]


async def test_the_log_is_read_in_pages_after_a_place(world: World, home: Workspace) -> None:
    for revision in (2, 3):
        async with world.unit() as uow:
            for number in range(10 * revision, 10 * revision + 3):
                await uow.labels.add(label(number, home, revision=revision))
    found = await entries(world, home, after=LogPlace(2, 1), limit=3)
    assert [each.place for each in found] == [LogPlace(2, 2), LogPlace(2, 3), LogPlace(3, 1)]
    found = await entries(world, home, after=LogPlace.end_of(2))
    assert [each.place for each in found] == [LogPlace(3, 1), LogPlace(3, 2), LogPlace(3, 3)]
    assert await entries(world, home, after=LogPlace.end_of(3)) == []


async def test_only_the_last_event_of_an_entity_in_a_change_is_marked_as_such(world: World, home: Workspace) -> None:
    async with world.unit() as uow:
        await uow.labels.add(soon := label(1, home, revision=2))
        await uow.labels.add(late := label(2, home, revision=2))
        await uow.labels.update(replace(soon, color="#ff0000"), before=soon, event="label.updated")
        await uow.labels.delete(home.id, late.id, trash_id=NOBODY, revision=2)
    async with world.unit() as uow:
        before = replace(soon, color="#ff0000")
        await uow.labels.update(replace(before, color=None, revision=3), before=before, event="label.updated")
    found = await entries(world, home, after=LogPlace.end_of(1))
    assert [(each.place, each.entity_id, each.is_last, each.is_end) for each in found] == [
        (LogPlace(2, 1), soon.id, False, False),
        (LogPlace(2, 2), late.id, False, False),
        (LogPlace(2, 3), soon.id, True, False),
        (LogPlace(2, 4), late.id, True, True),
        (LogPlace(3, 1), soon.id, True, False),
    ]


async def test_what_is_live_is_read_by_its_ids(world: World, home: Workspace, other: Workspace, ada: User) -> None:
    garden, soon = project(21, home, revision=2), label(22, home, revision=2)
    beds, sow = section(23, garden, revision=2), task(24, garden, revision=2)
    note = comment(25, sow, revision=2)
    async with world.unit() as uow:
        await uow.projects.add(garden)
        await uow.labels.add(soon)
        await uow.labels.add(label(26, home, revision=2))
        await uow.sections.add(beds)
        await uow.tasks.add(sow)
        await uow.comments.add(note)
        await uow.labels.delete(home.id, ident(26), trash_id=NOBODY, revision=2)
    ids = [ada.id, *(ident(number) for number in range(21, 27))]
    async with world.unit() as uow:
        assert await uow.changes.live(home.id, "project", ids) == [garden]
        assert await uow.changes.live(home.id, "label", ids) == [soon]
        assert await uow.changes.live(home.id, "section", ids) == [beds]
        assert await uow.changes.live(home.id, "task", ids) == [sow]
        assert await uow.changes.live(home.id, "comment", ids) == [note]
        assert await uow.changes.live(home.id, "member", ids) == [member(ada, home)]
        assert not await uow.changes.live(home.id, "task", [])
        assert await uow.changes.live(other.id, "task", ids) == []
        assert await uow.changes.revisions(other.id, "task", ids) == {}
        kinds: tuple[ChangeType, ...] = ("project", "label", "section", "task", "comment", "member")
        found = {kind: await uow.changes.revisions(home.id, kind, ids) for kind in kinds}
        assert found == {
            **{kind: {ident(21 + number): 2} for number, kind in enumerate(kinds[:5])},
            "member": {ada.id: 1},
        }


async def test_the_last_deletion_of_each_entity_is_known(world: World, home: Workspace, bob: User) -> None:
    for revision in (2, 5):
        async with world.unit() as uow:
            await uow.members.delete(home.id, bob.id, revision=revision)
        async with world.unit() as uow:
            await uow.members.add(member(bob, home, revision=revision + 1))
    async with world.unit() as uow:
        await uow.labels.add(soon := label(1, home, revision=7))
        await uow.labels.add(label(2, home, revision=7))
    async with world.unit() as uow:
        await uow.labels.delete(home.id, ident(1), trash_id=NOBODY, revision=8)
        await uow.labels.delete(home.id, ident(2), trash_id=NOBODY, revision=8)
    async with world.unit() as uow:
        await uow.labels.restore(replace(soon, revision=9))
    found = await deletions(world, home, bob.id, ident(1), ident(2), ident(3))
    assert found == {("member", bob.id): 5, ("label", ident(2)): 8}
    async with world.unit() as uow:
        await uow.labels.delete(home.id, ident(1), trash_id=NOBODY, revision=10)
        await uow.labels.restore(replace(soon, revision=10))
    assert await deletions(world, home, ident(1)) == {}
    async with world.unit() as uow:
        await uow.labels.delete(home.id, ident(1), trash_id=NOBODY, revision=11)
        await uow.labels.restore(replace(soon, revision=11))
        await uow.labels.delete(home.id, ident(1), trash_id=NOBODY, revision=11)
    assert await deletions(world, home, ident(1)) == {("label", ident(1)): 11}


async def test_comments_are_marked_as_wanted_by_what_their_tasks_are(
    world: World, home: Workspace, other: Workspace
) -> None:
    garden = project(1, home, revision=2)
    closed = {"status": "cancelled", "updated_at": NOON}
    many = [
        task(1, garden, revision=2),
        task(2, garden, revision=2, **closed),
        task(3, garden, revision=3, **closed),
        task(4, garden, revision=2, **closed | {"updated_at": NOON + DAY}),
    ]
    async with world.unit() as uow:
        await uow.projects.add(garden)
        for number, each in enumerate(many, 1):
            await uow.tasks.add(each)
            await uow.comments.add(comment(number, each, revision=2))
        await uow.comments.add(comment(5, many[0], revision=2))
        await uow.comments.delete(home.id, ident(5), trash_id=NOBODY, revision=2)

    for only, wanted in (
        (None, [1, 2, 3, 4]),
        (CommentFilter(head=2, closed_since=None), [1, 3]),
        (CommentFilter(head=2, closed_since=NOON + HOUR), [1, 3, 4]),
    ):
        async with world.unit() as uow:
            found = await uow.changes.comment_ids(home.id, only=only, after=None, limit=9)
            assert found == [(ident(number), number in wanted) for number in range(1, 6)]
            assert await uow.changes.comment_ids(home.id, only=only, after=ident(1), limit=2) == found[1:3]
            assert await uow.changes.comment_ids(other.id, only=only, after=None, limit=9) == []


async def test_the_log_is_read_with_its_bodies(world: World, home: Workspace) -> None:
    async with world.unit() as uow:
        await uow.labels.add(soon := label(1, home, revision=2))
    async with world.unit() as uow:
        await uow.labels.delete(home.id, soon.id, trash_id=NOBODY, revision=3)
    async with world.unit() as uow:
        assert len(await uow.changes.logged(home.id, after=LogPlace(0, 0), limit=2)) == 2
        found = await uow.changes.logged(home.id, after=LogPlace.end_of(1), limit=50)
    assert [(each.place, each.event, each.type, each.entity_id) for each in found] == [
        (LogPlace(2, 1), "label.created", "label", soon.id),
        (LogPlace(3, 1), "label.deleted", "label", soon.id),
    ]
    created, deleted = (json.loads(each.body or "") for each in found)
    assert (created["name"], created["revision"]) == (soon.name, 2)
    assert deleted == {"id": str(soon.id)}
    wanted: tuple[set[ChangeType], ...] = ({"label"}, {"task", "label"}, {"task"})
    for types in wanted:
        async with world.unit() as uow:
            some = await uow.changes.logged(home.id, after=LogPlace.end_of(1), limit=50, types=types)
        assert some == [each if "label" in types else replace(each, body=None) for each in found]
