"""How many things a workspace, a project or a task has at most."""

from typing import Final

from domain.errors import Conflict

MOST_CHANGES: Final = 2000
"""How many tasks one operation closes, reopens, deletes or restores at most, with those that depend on them.

They change in one transaction (ADR 97). What changes more goes in steps (ADR 81).
"""
MOST_BEFORE_PART: Final = 1000
"""How many changes the parts of a transaction, such as a batch, may have made before another one makes more."""


class LimitReached(Conflict):
    """There are as many as there can be: *owner*, such as "workspace", has *most* *things*, such as "labels".

    *detail* says it in other words.
    """

    summary = "The limit is reached"

    def __init__(
        self, owner: str, *, things: str, most: int, pointer: str | None = None, detail: str | None = None
    ) -> None:
        super().__init__(detail or f"This {owner} has {most} {things}, and cannot have more.")
        self.most = most
        self.pointer = pointer


def require_few(changes: int) -> None:
    """Raise LimitReached if these are too many changes of a task and its subtasks for one transaction."""
    if changes > MOST_CHANGES:
        detail = (
            f"This would change more than {MOST_CHANGES} tasks at once, with those that depend on them. "
            "Close or delete some of the subtasks first."
        )
        raise LimitReached("request", things="changes", most=MOST_CHANGES, detail=detail)
