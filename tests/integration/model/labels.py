"""What the operations on labels do."""

from __future__ import annotations

import unicodedata

from tests.integration.model.things import Label
from tests.integration.model.workspace import Body, Refused, Workspace, conflict


def create_label(now: Workspace, *, new_id: str, body: Body) -> None:
    require_free(now, body["name"])
    now.labels.append(Label(id=new_id, name=body["name"], color=_color(body.get("color"))))


def update_label(now: Workspace, *, label_id: str, body: Body) -> None:
    label = now.label(label_id)
    name = body.get("name", label.name)
    require_free(now, name, but_for=label)
    label.name = name
    label.color = _color(body.get("color", label.color))


def delete_label(now: Workspace, *, label_id: str) -> None:
    """Its tasks do not show it any more."""
    now.delete("label", label_id, now.label(label_id))


def require_free(now: Workspace, name: str, *, but_for: Label | None = None) -> None:
    """Raise Refused if another label has a name that looks like this one, whatever its case and accents."""
    if any(_folded(label.name) == _folded(name) for label in now.labels if label != but_for):
        raise Refused(conflict("label-exists"))


def _folded(name: str) -> str:
    """Without case and accents, and without format characters such as U+200B."""
    letters = unicodedata.normalize("NFD", name.strip().casefold())
    return "".join(each for each in letters if unicodedata.category(each) not in {"Mn", "Cf"})


def _color(color: str | None) -> str | None:
    return color and color.lower()
