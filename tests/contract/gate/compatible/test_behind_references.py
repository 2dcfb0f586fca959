"""Changes that are not where a schema is used: behind references, discriminators, and keywords of OpenAPI 3.1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tickbox_contract.gate.compatible.structure import Structure
from tickbox_contract.gate.compatible.subschemas import Schemas

from .contracts import Json, contract, gate, operation

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
X = {"$ref": "#/components/schemas/X"}
NEWER = "3.1.0"


def using(schema: Json, *, version: str = "3.0.4", **components: Json) -> Json:
    """A contract that uses *schema* in a request and a response."""
    content = {"application/json": {"schema": schema}}
    paths = operation(requestBody={"content": content}, responses={"200": {"description": "It.", "content": content}})
    return {**contract(paths=paths, components={"schemas": components}), "openapi": version}


def pets(claws: Json, mapping: Json | None = None, dog: Json | None = None) -> Json:
    """A base with the types that are derived from it."""
    base = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": TEXT},
        "discriminator": {"propertyName": "kind", **({"mapping": mapping} if mapping else {})},
    }
    cat = {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "properties": {"claws": claws}}]}
    return using({"$ref": "#/components/schemas/Pet"}, Pet=base, Cat=cat, Dog=dog or {})


MAPPED = {"cat": "#/components/schemas/Cat"}
DOG: Json = {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object"}]}
HOLDING: dict[str, Json] = {
    "prefixItems": {"type": "array", "prefixItems": [X]},
    "patternProperties": {"type": "object", "patternProperties": {"^x": X}},
    "contains": {"type": "array", "contains": X},
    "propertyNames": {"propertyNames": X},
    "if": {"if": X, "then": False},
    "then": {"if": {"minLength": 1}, "then": X},
    "else": {"if": {"minLength": 1}, "else": X},
    "dependentSchemas": {"dependentSchemas": {"a": {"properties": {"b": X}}}},
    "unevaluatedItems": {"type": "array", "unevaluatedItems": X},
    "unevaluatedProperties": {"type": "object", "unevaluatedProperties": X},
    "not": {"not": X},
}


@pytest.mark.parametrize("keyword", HOLDING)
def test_a_change_behind_a_reference_in_a_keyword_is_never_safe(keyword: str, tmp_path: Path) -> None:
    old, new = (using(HOLDING[keyword], version=NEWER, X=each) for each in (TEXT, NUMBER))
    assert gate(tmp_path, old, new).errors & {"schema-undecided", "body-schema", "response-schema"}
    assert not gate(tmp_path, old, old).rules


@pytest.mark.parametrize("mapping", [None, MAPPED])
def test_a_change_in_a_derived_type_breaks_users_of_its_base(mapping: Json | None, tmp_path: Path) -> None:
    old, new = pets(TEXT, mapping), pets(NUMBER, mapping)
    assert gate(tmp_path, old, new).errors == {"body-schema", "response-schema"}
    assert not gate(tmp_path, old, old).rules


def test_a_derived_type_that_is_removed_breaks_senders(tmp_path: Path) -> None:
    assert "body-schema" in gate(tmp_path, pets(TEXT, dog=DOG), pets(TEXT)).errors


@pytest.mark.parametrize("mapping", [None, MAPPED])
def test_a_default_in_a_derived_type_is_compared(mapping: Json | None, tmp_path: Path) -> None:
    old, new = (pets({**TEXT, "default": each}, mapping) for each in "ab")
    assert gate(tmp_path, old, new).errors == {"default-changed"}


@pytest.mark.parametrize("keyword", ["prefixItems", "patternProperties", "then"])
def test_a_default_in_a_keyword_of_openapi_3_1_is_compared(keyword: str, tmp_path: Path) -> None:
    old, new = (using(HOLDING[keyword], version=NEWER, X={**TEXT, "default": each}) for each in "ab")
    assert gate(tmp_path, old, new).errors == {"default-changed"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"enum": [0, 1]}, {"enum": [False, True]}),
        ({"enum": [{"a": 1}]}, {"enum": [{"a": True}]}),
        ({"enum": [[0]]}, {"enum": [[False]]}),
    ],
)
def test_true_is_not_one_wherever_it_is(old: Json, new: Json, tmp_path: Path) -> None:
    assert gate(tmp_path, using(old), using(new)).errors == {"body-schema", "response-schema"}


@pytest.mark.parametrize(("old", "new"), [([1], [True]), ({"a": 0}, {"a": False}), ([1], [1, 1])])
def test_a_default_is_another_one_if_anything_in_it_is(old: object, new: object, tmp_path: Path) -> None:
    done = gate(tmp_path, using({"default": old}), using({"default": new}))
    assert done.errors == {"default-changed"}
    assert not gate(tmp_path, using({"default": [1]}), using({"default": [1.0]})).rules


def test_a_keyword_beside_a_reference_counts(tmp_path: Path) -> None:
    old, new = (using({**X, "maxLength": most}, version=NEWER, X=TEXT) for most in (5, 3))
    assert gate(tmp_path, old, new).errors == {"body-schema"}


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        ({**X, "maxLength": 9}, {**X, "maxLength": 3}, {"body-schema"}),
        ({**X, "maxLength": 3}, {**X, "maxLength": 9}, {"response-schema"}),
        ({**X, "default": "a"}, {**X, "default": "b"}, {"default-changed"}),
    ],
)
@pytest.mark.parametrize(
    "schema", [{"$ref": "#/components/schemas/Y"}, {"properties": {"y": {"$ref": "#/components/schemas/Y"}}}]
)
def test_a_keyword_beside_a_reference_counts_behind_another_one(
    schema: Json, old: Json, new: Json, rules: set[str], tmp_path: Path
) -> None:
    contracts = [using(schema, version=NEWER, X=TEXT, Y=each) for each in (old, new)]
    assert gate(tmp_path, *contracts).errors == rules
    assert not gate(tmp_path, contracts[1], contracts[1]).rules


def test_a_property_may_be_read_only_beside_its_reference(tmp_path: Path) -> None:
    old, new = (using({"properties": {"y": each}}, version=NEWER, X=TEXT) for each in (X, {**X, "readOnly": True}))
    assert "body-schema" in gate(tmp_path, old, new).errors


def test_references_that_lead_to_each_other_are_left_to_a_person(tmp_path: Path) -> None:
    y = {"$ref": "#/components/schemas/Y"}
    root = using(X, version=NEWER, X={**y, "minLength": 1}, Y={**X, "maxLength": 1})
    assert gate(tmp_path, root, root).errors == {"schema-undecided"}


@pytest.mark.parametrize("version", ["3.0.4", NEWER])
def test_a_schema_that_is_one_of_its_own_alternatives_is_left_to_a_person(version: str, tmp_path: Path) -> None:
    old, new = (using({"not": X}, version=version, X={"oneOf": [each, X]}) for each in (TEXT, NUMBER))
    assert "schema-undecided" in gate(tmp_path, old, new).errors


def test_an_alternative_with_keywords_beside_its_reference_is_compared(tmp_path: Path) -> None:
    cat = {"type": "object", "required": ["kind"], "properties": {"kind": TEXT, "claws": NUMBER}}
    old, new = (
        using(
            {"oneOf": [{**X, "maxProperties": most}], "discriminator": {"propertyName": "kind"}}, version=NEWER, X=cat
        )
        for most in (2, 1)
    )
    assert gate(tmp_path, old, new).errors == {"body-schema"}


def test_schemas_that_did_not_change_are_walked_through_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    walked: list[Schemas] = []
    value = Structure._value  # noqa: SLF001  # what is counted

    def counted(self: Structure, schemas: Schemas) -> None:
        walked.append(schemas)
        value(self, schemas)

    monkeypatch.setattr(Structure, "_value", counted)
    paths: Json = {}
    for number in range(10):
        paths |= operation(f"/pets{number}", requestBody={"content": {"application/json": {"schema": X}}})
    root = contract(paths=paths, components={"schemas": {"X": {"type": "object", "properties": {"x": X, "y": TEXT}}}})
    assert not gate(tmp_path, root, root).rules
    assert len(walked) == 2
