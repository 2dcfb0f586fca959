"""The migrations of this version."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

VERSION_TABLE: Final = "alembic_version"


def _revisions() -> tuple[str, ...]:
    """Read from the names of the files. To import `migrations` would load Alembic, which costs 11 MB and 0.15 s."""
    found = find_spec("migrations")
    assert found is not None, "migrations are installed with the server"
    folders = [Path(folder) / "versions" for folder in found.submodule_search_locations or ()]
    return tuple(sorted(path.name[:4] for folder in folders for path in folder.glob("[0-9]*.py")))


REVISIONS: Final = _revisions()
"""The migrations of this version, oldest first."""
REVISION: Final = REVISIONS[-1]
"""The revision that this version needs."""


def is_newer(revision: str) -> bool:
    """Whether a newer version of Tickbox created *revision*: it is a number above ours.

    A revision that is neither that nor one of REVISIONS is of another program that uses Alembic.
    """
    return revision.isdecimal() and len(revision) == len(REVISION) and revision > REVISION
