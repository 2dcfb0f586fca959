"""The table and the repository of sections."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from domain.errors import IdTaken
from domain.events import Event, end_of, event_of
from domain.model.sections import Section, SectionEvent, SectionQuery
from domain.quotas import ROW_BYTES
from persistence.change_log import ChangeLog
from persistence.compiled import BULK
from persistence.database import Row, Runner
from persistence.mapping import Mapper
from persistence.metadata import INSTANT, SORTED_TEXT, logged_as, means, metadata
from persistence.octets import octets
from persistence.paging import Pages, around

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
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(
        ["workspace_id", "project_id"],
        ["projects.workspace_id", "projects.id"],
        name="fk_sections_project_id",
        ondelete="CASCADE",
    ),
    info=logged_as("section"),
)
Index("uq_sections_position", sections.c.workspace_id, sections.c.project_id, sections.c.position, unique=True)

_MAPPER: Final = Mapper(Section, sections, fixed=("id", "workspace_id", "created_at"))
_IN_WORKSPACE: Final = sections.c.workspace_id == bindparam("workspace")
_IN_PROJECT: Final = (_IN_WORKSPACE, sections.c.project_id == bindparam("project"))
_ONE: Final = (_IN_WORKSPACE, sections.c.id == bindparam("section"))
_FREED: Final = (sections.c.id, octets(sections.c.name))

_INSERT: Final = insert(sections)
_SELECT: Final = select(*_MAPPER.columns).where(*_ONE)
_END: Final = select(func.count(), func.max(sections.c.position)).where(*_IN_PROJECT)
_PAGES: Final = Pages(select(*_MAPPER.columns).where(_IN_WORKSPACE), sections.c.project_id, sections.c.position)
_PAGES_OF_PROJECT: Final = Pages(select(*_MAPPER.columns).where(*_IN_PROJECT), sections.c.position)
_AROUND: Final = around(select(*_MAPPER.columns).where(*_IN_PROJECT), sections.c.position)
_UPDATE: Final = update(sections).where(*_ONE)
_DELETE: Final = delete(sections).where(*_ONE).returning(*_FREED)
_DELETE_ALL: Final = delete(sections).where(*_IN_PROJECT).returning(*_FREED).execution_options(**BULK)


class Sections:
    """Implements domain.model.sections.SectionRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, section: Section) -> None:
        await self._change_log.write(_INSERT, _MAPPER.values(section), event_of("section.created", section))

    async def get(self, workspace_id: UUID, section_id: UUID) -> Section | None:
        return _MAPPER.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "section": section_id}))

    async def end(self, workspace_id: UUID, *, project_id: UUID) -> tuple[int, str | None]:
        row = await self._runner.row(_END, {"workspace": workspace_id, "project": project_id})
        assert row is not None, "an aggregate has a row"
        return int(row[0]), row[1]

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Section]:
        place = {"workspace": workspace_id, "project": project_id, "cut": cut, "limit": limit}
        return sorted(_MAPPER.all(await self._runner.rows(_AROUND, place)), key=lambda section: section.position)

    async def page(self, query: SectionQuery) -> Sequence[Section]:
        place: dict[str, object] = {"workspace": query.workspace_id}
        if query.project_id is None:
            return _MAPPER.all(await _PAGES.read(self._runner, place, after=query.after, limit=query.limit))
        place["project"] = query.project_id
        after = query.after and query.after[1:]
        return _MAPPER.all(await _PAGES_OF_PROJECT.read(self._runner, place, after=after, limit=query.limit))

    async def update(self, section: Section, *, before: Section, event: SectionEvent) -> None:
        key = {"workspace": section.workspace_id, "section": section.id}
        values = {**key, **_MAPPER.changes(section, before=before)}
        await self._change_log.write(_UPDATE, values, event_of(event, section, before=before))

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, revision: int) -> None:
        place = {"workspace": workspace_id, "project": project_id}
        await self._change_log.write_all(_DELETE_ALL, place, _ends(workspace_id, revision))

    async def delete(self, workspace_id: UUID, section_id: UUID, *, revision: int) -> None:
        place = {"workspace": workspace_id, "section": section_id}
        await self._change_log.write_one(_DELETE, place, _ends(workspace_id, revision))


def _ends(workspace_id: UUID, revision: int) -> Callable[[Row], Event]:
    def end(row: Row) -> Event:
        freed = ROW_BYTES + int(row[1])
        return end_of("section.deleted", row[0], workspace_id=workspace_id, revision=revision, freed_bytes=freed)

    return end
