from __future__ import annotations

from tickbox_contract.gate.compatible.schemas.cells import Cell
from tickbox_contract.gate.compatible.schemas.meanings import meaning

PLAIN = meaning((), type=("object",))
UNION = meaning((), oneOf=(PLAIN, meaning((), required=("a",))))


def test_what_has_alternatives_inside_is_not_plain() -> None:
    """Such a part was used to leave out the alternatives that it consists of, and values that do not fit were found."""
    around = meaning((), allOf=(meaning((), allOf=(UNION,)), PLAIN))
    cell = Cell("object", {around: True, UNION: True, PLAIN: True, meaning((), allOf=(PLAIN,)): False})
    assert cell.plainly_wanted == {PLAIN}


def test_what_has_itself_among_its_parts_is_looked_at_once() -> None:
    twice = meaning((), allOf=(PLAIN, PLAIN))
    assert Cell("object", {twice: True}).plainly_wanted == {twice}
