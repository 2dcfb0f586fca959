"""The table and the repository of sections."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from domain.errors import IdTaken
from domain.events import event_of, restored
from domain.model.sections import Section, SectionEvent, SectionQuery
from persistence.change_log import ChangeLog, ends_of
from persistence.compiled import BULK
from persistence.mapping import Mapper
from persistence.metadata import (
    INSTANT,
    SORTED_TEXT,
    TRASH_ID,
    is_live,
    logged_as,
    means,
    metadata,
    partial_index,
    trash_id,
)
from persistence.paging import Pages, around
from persistence.runners import Runner
from persistence.unindexed import unindexed

sections: Final = Table(
    "sections",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", SORTED_TEXT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    trash_id(),
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(
        ["workspace_id", "project_id"],
        ["projects.workspace_id", "projects.id"],
        name="fk_sections_project_id",
        ondelete="CASCADE",
    ),
    info=logged_as("section"),
)
_LIVE: Final = is_live(sections)
partial_index(
    "uq_sections_position",
    sections.c.workspace_id,
    sections.c.project_id,
    sections.c.position,
    unique=True,
    where=_LIVE,
)
partial_index(
    "ix_sections_project_id",
    sections.c.workspace_id,
    sections.c.project_id,
    where=and_(sections.c.project_id.is_not(None), sections.c.trash_id.is_not(None)),  # as in `tasks`
)
partial_index(
    "ix_sections_trash_id", sections.c.workspace_id, sections.c.trash_id, where=sections.c.trash_id.is_not(None)
)

SECTIONS: Final = Mapper(Section, sections, fixed=("id", "workspace_id", "created_at"))
_OF_WORKSPACE: Final = sections.c.workspace_id == bindparam("workspace")
SECTION_IN_WORKSPACE: Final = and_(_OF_WORKSPACE, _LIVE)
_IN_PROJECT: Final = (SECTION_IN_WORKSPACE, sections.c.project_id == bindparam("project"))
_ONE: Final = (_OF_WORKSPACE, unindexed(_LIVE), sections.c.id == bindparam("section"))

_INSERT: Final = insert(sections)
_SELECT: Final = select(*SECTIONS.columns).where(*_ONE)
_END: Final = select(func.count(), func.max(sections.c.position)).where(*_IN_PROJECT)
_PAGES: Final = Pages(select(*SECTIONS.columns).where(SECTION_IN_WORKSPACE), sections.c.project_id, sections.c.position)
_PAGES_OF_PROJECT: Final = Pages(select(*SECTIONS.columns).where(*_IN_PROJECT), sections.c.position)
_AROUND: Final = around(select(*SECTIONS.columns).where(*_IN_PROJECT), sections.c.position)
_UPDATE: Final = update(sections).where(*_ONE)
_DELETE: Final = update(sections).where(*_ONE).values(trash_id=bindparam("trash")).returning(sections.c.id)
_DELETE_ALL: Final = (
    update(sections)
    .where(*_IN_PROJECT)
    .values(trash_id=bindparam("trash"))
    .returning(sections.c.id)
    .execution_options(**BULK)
)
_IN_TRASH: Final = select(*SECTIONS.columns).where(_OF_WORKSPACE, sections.c.trash_id == bindparam("trash"))
_RESTORE: Final = update(sections).where(_OF_WORKSPACE, sections.c.id == bindparam("section"), unindexed(~_LIVE))


class Sections:
    """Implements domain.model.sections.SectionRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, section: Section) -> None:
        await self._change_log.write(_INSERT, SECTIONS.values(section), event_of("section.created", section))

    async def get(self, workspace_id: UUID, section_id: UUID) -> Section | None:
        return SECTIONS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "section": section_id}))

    async def end(self, workspace_id: UUID, *, project_id: UUID) -> tuple[int, str | None]:
        row = await self._runner.row(_END, {"workspace": workspace_id, "project": project_id})
        assert row is not None, "an aggregate has a row"
        return int(row[0]), row[1]

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Section]:
        place = {"workspace": workspace_id, "project": project_id, "cut": cut, "limit": limit}
        return sorted(SECTIONS.all(await self._runner.rows(_AROUND, place)), key=lambda section: section.position)

    async def page(self, query: SectionQuery) -> Sequence[Section]:
        place: dict[str, object] = {"workspace": query.workspace_id}
        if query.project_id is None:
            return SECTIONS.all(await _PAGES.read(self._runner, place, after=query.after, limit=query.limit))
        place["project"] = query.project_id
        after = query.after and query.after[1:]
        return SECTIONS.all(await _PAGES_OF_PROJECT.read(self._runner, place, after=after, limit=query.limit))

    async def update(self, section: Section, *, before: Section, event: SectionEvent) -> None:
        key = {"workspace": section.workspace_id, "section": section.id}
        values = {**key, **SECTIONS.changes(section, before=before)}
        await self._change_log.write(_UPDATE, values, event_of(event, section, before=before))

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, trash_id: UUID, revision: int) -> int:
        place = {"workspace": workspace_id, "project": project_id, "trash": trash_id}
        return await self._change_log.write_all(_DELETE_ALL, place, ends_of("section.deleted", workspace_id, revision))

    async def delete(self, workspace_id: UUID, section_id: UUID, *, trash_id: UUID, revision: int) -> None:
        place = {"workspace": workspace_id, "section": section_id, "trash": trash_id}
        await self._change_log.write_one(_DELETE, place, ends_of("section.deleted", workspace_id, revision))

    async def in_trash(self, workspace_id: UUID, trash_id: UUID) -> Sequence[Section]:
        return SECTIONS.all(await self._runner.rows(_IN_TRASH, {"workspace": workspace_id, "trash": trash_id}))

    async def restore_all(self, sections: Sequence[Section]) -> None:
        await self._change_log.write_many(
            _RESTORE,
            [
                (
                    {"workspace": each.workspace_id, "section": each.id, **SECTIONS.changes(each), TRASH_ID: None},
                    restored("section.restored", each),
                )
                for each in sections
            ],
        )
