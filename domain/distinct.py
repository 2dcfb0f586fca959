"""Lists of ids in which each is named once.

The contract says `uniqueItems`, which compares texts. An id can be written in upper case, too.
"""

from collections.abc import Collection
from uuid import UUID

from domain.errors import Invalid


class IdRepeated(Invalid):
    """The list at *name* of the body has an id twice."""

    code = "unique-items"

    def __init__(self, name: str) -> None:
        super().__init__("The items must be unique.")
        self.pointer = f"#/{name}"


def require_distinct(ids: Collection[UUID], *, name: str) -> None:
    """Raise IdRepeated if the member *name* of the body has an id twice."""
    if len(set(ids)) < len(ids):
        raise IdRepeated(name)
