"""What a body names as the place of something: all of it that does not exist is reported together."""

from collections.abc import Mapping
from uuid import UUID

from domain.errors import Invalid, InvalidTogether
from domain.model.projects import ProjectUnknown
from domain.model.sections import SectionUnknown
from domain.model.tasks import ParentUnknown
from domain.unit_of_work import UnitOfWork
from domain.unset import Unset


async def with_others(
    uow: UnitOfWork, error: Invalid, place: Mapping[str, UUID | Unset | None]
) -> Invalid | InvalidTogether:
    """Return *error*, together with those of the other members of *place* that do not exist.

    They are read only here: a request that is right reads what decides, and nothing else.
    """
    found = [error]
    for name, get, kind in (
        ("project_id", uow.projects.get, ProjectUnknown),
        ("section_id", uow.sections.get, SectionUnknown),
        ("parent_id", uow.tasks.get, ParentUnknown),
    ):
        named = place.get(name)
        if isinstance(named, UUID) and error.pointer != f"#/{name}" and await get(uow.workspace_id, named) is None:
            found.append(kind(named))
    return InvalidTogether(found) if len(found) > 1 else error
