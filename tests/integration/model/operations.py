"""What each operation does to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.integration.model import (
    accounts,
    comments,
    labels,
    members,
    moves,
    projects,
    reminders,
    sections,
    tasks,
    trash,
)
from tests.support.prepared import OPERATIONS

OF_THE_MODEL: Final[Mapping[str, Callable[..., None]]] = {
    name: function
    for module in (projects, sections, labels, tasks, comments, moves, members, trash, reminders, accounts)
    for name, function in vars(module).items()
    if name in OPERATIONS
}
"""By operationId."""
