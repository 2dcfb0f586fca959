"""A change is one sentence, at the place that changed, and it names what changed."""

from __future__ import annotations

from datetime import date

import pytest

from tickbox_contract.gate.compatible.stage import compare
from tickbox_contract.gate.reading import read

BASE = """\
openapi: 3.0.4
info: {title: t, version: '1.0.0'}
paths:
  /pets:
    get:
      operationId: listPets
      parameters:
        - {name: limit, in: query, schema: {type: integer, default: 20, maximum: 100}}
        - {name: size, in: query, schema: {$ref: '#/components/schemas/Size'}}
      responses:
        '200':
          description: d
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
    post:
      operationId: addPet
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Named'}}}
      responses:
        '200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Named'}}}}
components:
  schemas:
    Size: {type: integer, default: 1}
    Named:
      type: object
      required: [name]
      properties:
        name: {type: string, maxLength: 9}
        nick: {type: string}
    Pet:
      required: [id]
      allOf: [{$ref: '#/components/schemas/Named'}]
      properties: {id: {type: string}}
"""


def changes(*edits: tuple[str, str]) -> list[tuple[int | None, int | None, str]]:
    """The lines in the new and the old contract, and the sentence, of each change that *edits* make."""
    text = BASE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    before, after = read(BASE.encode()), read(text.encode())
    found = compare(before, after, today=date(2026, 1, 1))
    return [(after.line(each.spot.at), before.line(each.spot.was), each.message) for each in found]


def line(text: str) -> int:
    """The line of BASE that begins with *text*."""
    return next(n for n, each in enumerate(BASE.splitlines(), 1) if each.strip().startswith(text))


def test_a_property_of_a_schema_that_others_include_is_one_change() -> None:
    found = changes(
        ("        nick: {type: string}\n", ""), ("name: {type: string,", "tag: {}\n        name: {type: string,")
    )
    removed, added = (each for each in found if "was removed" in each[2] or "was added" in each[2])
    assert removed == (line("properties:"), line("nick:"), "listPets, addPet: the property `nick` was removed")
    assert added == (line("name: {type"), line("properties:"), "listPets, addPet: the property `tag` was added")


def test_a_name_that_is_no_longer_required_is_shown_where_it_was() -> None:
    """Not where another schema, which is a part of it, requires something else."""
    assert changes(("      required: [id]\n", "")) == [
        (line("Pet:"), line("required: [id]"), "listPets: an object without `id` may now be returned")
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("default: 20", "default: 10", "the parameter `limit` has the default `10` now, and had `20`"),
        ("default: 20, ", "", "the parameter `limit` has no default now, and had `20`"),
        ("default: 1}", "default: 2}", "`Size` has the default `2` now, and had `1`"),
    ],
)
def test_a_default_that_has_changed_is_named_with_its_parameter(old: str, new: str, said: str) -> None:
    assert [each for *_, each in changes((old, new))] == [
        f"listPets: {said}: a request without it means something else"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("maximum: 100", "maximum: 200", "listPets: more is accepted: `101` in the parameter `limit`"),
        ("maxLength: 9", "maxLength: 10", "addPet: more is accepted: a text of 10 characters in `name`"),
        ("maxLength: 9", "maxLength: 8", "listPets: less may be returned: no longer a text of 9 characters in `name`"),
        ("integer, default: 20", "integer, default: 20, minimum: 5", None),
    ],
)
def test_what_is_accepted_or_returned_now_is_named(old: str, new: str, said: str | None) -> None:
    said_now = [each for *_, each in changes((old, new)) if "more is accepted" in each or "less may" in each]
    assert (said in said_now) if said else said_now == []


def test_names_in_sentences_are_in_backticks() -> None:
    assert changes(
        ("        - {name: size", "        - {name: after, in: query, schema: {type: string}}\n        - {name: size")
    ) == [(line("- {name: size"), line("get:"), "listPets: the parameter `after` was added")]
