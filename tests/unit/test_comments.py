import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from domain import comments, projects, restoring, task_deletions, tasks, trash, workspaces
from domain.limits import LimitReached
from domain.model.comments import CommentNotFound, NotAuthor
from domain.model.projects import ProjectArchived
from domain.model.tasks import TaskNotFound
from domain.model.trash import KEPT
from domain.pages import CursorInvalid
from domain.tasks import TaskDraft
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY
from tests.unit.test_members import new_member, user_of

LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture
async def owner(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """The owner of a shared workspace."""
    return uow.unit(workspace_id=(await workspaces.create(uow.unit(), name="Household")).id)


@pytest.fixture
async def task_id(owner: FakeUnitOfWork) -> UUID:
    return (await tasks.create(owner.unit(), TaskDraft(title="Sow"))).id


async def test_a_new_comment_is_the_caller_s_and_the_last_one(owner: FakeUnitOfWork, task_id: UUID) -> None:
    first = await comments.create(owner.unit(), task_id, text="Not yet")
    last = await comments.create(owner.unit(now=LATER), task_id, text="Now")

    assert (first.author_id, first.edited_at, last.created_at) == (user_of(owner), None, LATER)
    assert last.revision == first.revision + 1
    page = await comments.page(owner.unit(), task_id, limit=1)
    assert page.items == (first,)
    assert (await comments.page(owner.unit(), task_id, cursor=page.next_cursor)).items == (last,)
    assert await comments.get(owner.unit(), task_id, last.id) == last


async def test_comments_are_those_of_one_task(owner: FakeUnitOfWork, task_id: UUID) -> None:
    comment = await comments.create(owner.unit(), task_id, text="Not yet")
    page = await comments.page(owner.unit(), task_id, limit=1)
    other = await tasks.create(owner.unit(), TaskDraft(title="Reap"))
    await comments.create(owner.unit(), task_id, text="Now")
    page = await comments.page(owner.unit(), task_id, limit=1)

    assert (await comments.page(owner.unit(), other.id)).items == ()
    with pytest.raises(CursorInvalid):
        await comments.page(owner.unit(), other.id, cursor=page.next_cursor)
    for at in (other.id, NOBODY):
        with pytest.raises(CommentNotFound):
            await comments.get(owner.unit(), at, comment.id)
    with pytest.raises(CommentNotFound):
        await comments.get(owner.unit(), task_id, NOBODY)
    with pytest.raises(TaskNotFound):
        await comments.page(owner.unit(), NOBODY)
    with pytest.raises(TaskNotFound):
        await comments.create(owner.unit(), NOBODY, text="Now")


async def test_a_page_of_long_comments_ends_early(owner: FakeUnitOfWork, task_id: UUID) -> None:
    for _ in range(70):
        await comments.create(owner.unit(), task_id, text="x" * 16_384)

    page = await comments.page(owner.unit(), task_id, limit=200)

    assert 50 < len(page.items) < 64
    assert len((await comments.page(owner.unit(), task_id, limit=200, cursor=page.next_cursor)).items) < 20


async def test_only_the_author_edits_a_comment(owner: FakeUnitOfWork, task_id: UUID) -> None:
    editor = await new_member(owner, "bob", role="editor")
    comment = await comments.create(editor.unit(), task_id, text="Not yet")

    with pytest.raises(NotAuthor):
        await comments.update(owner.unit(), task_id, comment.id, text="Now")
    edited = await comments.update(editor.unit(now=LATER), task_id, comment.id, text="Now")

    assert (edited.text, edited.edited_at, edited.created_at) == ("Now", LATER, NOON)
    assert edited.revision == comment.revision + 1
    assert await comments.update(editor.unit(), task_id, comment.id, text="Now") == edited
    assert await comments.get(owner.unit(), task_id, comment.id) == edited


async def test_the_author_deletes_a_comment_and_so_do_admins_and_owners(owner: FakeUnitOfWork, task_id: UUID) -> None:
    author, other = [await new_member(owner, name, role="editor") for name in ("author", "other")]
    admin = await new_member(owner, "admin", role="admin")
    for who in (author, admin, owner):
        comment = await comments.create(author.unit(), task_id, text="Not yet")
        with pytest.raises(NotAuthor):
            await comments.delete(other.unit(), task_id, comment.id)
        await comments.delete(who.unit(), task_id, comment.id)
        with pytest.raises(CommentNotFound):
            await comments.get(owner.unit(), task_id, comment.id)


async def test_a_comment_comes_back_from_the_trash_as_it_was(owner: FakeUnitOfWork, task_id: UUID) -> None:
    author, other = [await new_member(owner, name, role="editor") for name in ("author", "other")]
    comment = await comments.create(author.unit(), task_id, text="Not yet. " * 20)
    await comments.delete(author.unit(), task_id, comment.id)
    (entry,) = (await trash.page(owner.unit())).items
    assert (entry.kind, entry.thing_id, entry.title, entry.taken) == ("comment", comment.id, comment.text[:100], 0)

    with pytest.raises(NotAuthor):
        await restoring.comment(other.unit(), task_id, comment.id)
    restored = await restoring.comment(author.unit(now=LATER), task_id, comment.id)

    head = owner.store.workspaces[owner.workspace_id].head
    assert restored == replace(comment, revision=head)
    assert owner.store.logged(owner.workspace_id, head) == [("comment.restored", comment.id)]
    assert await restoring.comment(other.unit(), task_id, comment.id) == restored
    assert (await trash.page(owner.unit())).items == ()
    await comments.delete(owner.unit(), task_id, comment.id)
    assert (await restoring.comment(owner.unit(), task_id, comment.id)).text == comment.text


async def test_a_comment_comes_back_only_where_it_was(owner: FakeUnitOfWork, task_id: UUID) -> None:
    other = await tasks.create(owner.unit(), TaskDraft(title="Reap"))
    comment = await comments.create(owner.unit(), task_id, text="Not yet")
    await comments.delete(owner.unit(), task_id, comment.id)
    for place in (other.id, UUID(int=0)):
        with pytest.raises(CommentNotFound):
            await restoring.comment(owner.unit(), place, comment.id)
    await task_deletions.delete(owner.unit(), task_id)
    with pytest.raises(TaskNotFound):
        await restoring.comment(owner.unit(), task_id, comment.id)
    await restoring.task(owner.unit(), task_id)
    with pytest.raises(CommentNotFound):
        await comments.get(owner.unit(), task_id, comment.id)
    with pytest.raises(CommentNotFound):
        await restoring.comment(owner.unit(now=NOON + KEPT), task_id, comment.id)
    await restoring.comment(owner.unit(), task_id, comment.id)


async def test_an_archived_project_takes_no_change_of_its_comments(owner: FakeUnitOfWork) -> None:
    project = await projects.create(owner.unit(), name="Garden")
    task = await tasks.create(owner.unit(), TaskDraft(title="Sow", project_id=project.id))
    comment = await comments.create(owner.unit(), task.id, text="Not yet")
    await projects.archive(owner.unit(), project.id)

    with pytest.raises(ProjectArchived):
        await comments.create(owner.unit(), task.id, text="Now")
    with pytest.raises(ProjectArchived):
        await comments.update(owner.unit(), task.id, comment.id, text="Now")
    with pytest.raises(ProjectArchived):
        await comments.delete(owner.unit(), task.id, comment.id)
    assert (await comments.page(owner.unit(), task.id)).items == (comment,)
    await projects.unarchive(owner.unit(), project.id)
    await comments.delete(owner.unit(), task.id, comment.id)
    await projects.archive(owner.unit(), project.id)
    with pytest.raises(ProjectArchived):
        await restoring.comment(owner.unit(), task.id, comment.id)


async def test_a_task_has_at_most_a_thousand_comments(owner: FakeUnitOfWork, task_id: UUID) -> None:
    for _ in range(comments.MOST_COMMENTS):
        comment = await comments.create(owner.unit(), task_id, text="Not yet")

    with pytest.raises(LimitReached):
        await comments.create(owner.unit(), task_id, text="One more")
    await comments.delete(owner.unit(), task_id, comment.id)
    await comments.create(owner.unit(), task_id, text="One more")
    with pytest.raises(LimitReached):
        await restoring.comment(owner.unit(), task_id, comment.id)
