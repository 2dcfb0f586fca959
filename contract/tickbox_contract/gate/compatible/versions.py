"""Versions: whether `info.version` has risen as far as the changes demand.

| what has changed | from 1.0.0 on | before |
|---|---|---|
| a client breaks, or may break | major | minor |
| clients can do more | minor | patch |
| anything else that has a meaning | patch | patch |

Source: Semantic Versioning 2.0.0, sections 4 and 6 to 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, Self

from .changes import Change
from .table import TABLE

_FORM = re.compile(r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?", re.ASCII)

Step = Literal["major", "minor", "patch", "none"]


class Version(NamedTuple):
    """A version without its pre-release and its build."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        """As it is written."""
        return ".".join(map(str, self))

    @classmethod
    def parse(cls, text: object) -> Self | None:
        """The version *text*; None if it is not a semantic version."""
        found = _FORM.fullmatch(str(text))
        return cls(int(found[1]), int(found[2]), int(found[3])) if found else None

    def after(self, step: Step) -> Version:
        """The lowest version that *step* leads to."""
        if step == "major":
            return Version(self.major + 1, 0, 0)
        if step == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1) if step == "patch" else self


def step_of(changes: Iterable[Change], *, since: Version, excused: Iterable[Change] = ()) -> Step:
    """The step that *changes* demand after the release *since*, and *excused* ones, of which none counts as a break."""
    effects = {TABLE[change.rule_id].effect for change in changes}
    effects |= {"keeps" if (effect := TABLE[change.rule_id].effect) == "breaks" else effect for change in excused}
    if not effects:
        return "none"
    if "breaks" in effects:
        return "major" if since.major else "minor"
    return "minor" if "adds" in effects and since.major else "patch"
