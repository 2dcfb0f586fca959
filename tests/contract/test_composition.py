"""Several schemas of one value: what is required where another part hides it, and what a discriminator selects."""

from __future__ import annotations

from typing import Any

import pytest

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.schemas import Direction, SchemaCompiler, UnservableSchemaError, Validator

Schemas = dict[str, Any]
BOTH: tuple[Direction, ...] = ("request", "response")


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def validator(schemas: Schemas, schema: dict[str, Any], direction: Direction) -> Validator:
    return SchemaCompiler({"components": {"schemas": schemas}}).compile(schema, direction=direction)


def faults(checked: Validator, value: Any) -> list[tuple[str, str]]:
    return [(fault.place, fault.code) for fault in schema_faults(checked.iter_errors(value))]


ID = {"type": "integer", "readOnly": True}
NEEDS_ID = {"type": "object", "required": ["id", "name"], "properties": {"name": {"type": "string"}}}
HIDDEN: dict[str, tuple[Schemas, dict[str, Any]]] = {
    "the other part says it": (
        {"Base": {**NEEDS_ID, "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}},
        {"allOf": [ref("Base"), {"properties": {"id": ID}}]},
    ),
    "the other part requires it": (
        {"Base": {"type": "object", "properties": {"id": ID}}},
        {"allOf": [ref("Base"), NEEDS_ID]},
    ),
    "the schema around requires it": (
        {"Base": {"type": "object", "properties": {"id": ID, "name": {"type": "string"}}}},
        {"required": ["id", "name"], "allOf": [ref("Base")]},
    ),
    "a part of a part says it": (
        {"A": {"type": "object", "properties": {"id": ID}}, "B": {"allOf": [ref("A")]}, "C": NEEDS_ID},
        {"allOf": [{"allOf": [ref("B")]}, {"allOf": [ref("C")]}]},
    ),
    "it is behind a reference": (
        {"Id": ID, "Alias": ref("Id")},
        {**NEEDS_ID, "properties": {"id": ref("Alias"), "name": {"type": "string"}}},
    ),
    "it is behind a reference in an allOf": (
        {"Id": ID},
        {**NEEDS_ID, "properties": {"id": {"allOf": [ref("Id")], "description": "d"}, "name": {"type": "string"}}},
    ),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_what_is_read_only_in_any_part_is_required_in_responses_only(case: str) -> None:
    schemas, schema = HIDDEN[case]
    request = validator(schemas, schema, "request")
    assert (request.is_valid({"name": "a"}), faults(request, {"name": "a"})) == (True, [])
    assert ("#/id", "read-only") in faults(request, {"id": 1, "name": "a"})
    assert ("#/name", "required") in faults(request, {})
    response = validator(schemas, schema, "response")
    assert response.is_valid({"id": 1, "name": "a"})
    assert ("#/id", "required") in faults(response, {"name": "a"})


def test_what_is_write_only_in_any_part_is_required_in_requests_only() -> None:
    schemas = {"Base": {"type": "object", "properties": {"secret": {"type": "string", "writeOnly": True}}}}
    schema = {"allOf": [ref("Base"), {"type": "object", "required": ["secret"]}]}
    assert not validator(schemas, schema, "request").is_valid({})
    response = validator(schemas, schema, "response")
    assert response.is_valid({})
    assert faults(response, {"secret": "x"}) == [("#/secret", "read-only")]


def test_a_shared_part_is_required_where_no_other_part_hides_it() -> None:
    schemas = {"Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}}
    compiler = SchemaCompiler({"components": {"schemas": schemas}})
    hidden = compiler.compile({"allOf": [ref("Base"), {"properties": {"id": ID}}]}, direction="request")
    plain = compiler.compile({"allOf": [ref("Base")]}, direction="request")
    assert (hidden.is_valid({}), plain.is_valid({})) == (True, False)


def test_what_one_alternative_hides_is_required_of_the_others() -> None:
    fixed = {"type": "object", "properties": {"kind": {"enum": ["fixed"]}, "id": ID}}
    chosen = {"type": "object", "properties": {"kind": {"enum": ["chosen"]}, "id": {"type": "integer"}}}
    schema = {"required": ["id", "kind"], "oneOf": [ref("Fixed"), ref("Chosen")]}
    request = validator({"Fixed": fixed, "Chosen": chosen}, schema, "request")
    assert request.is_valid({"kind": "fixed"})
    assert request.is_valid({"kind": "chosen", "id": 1})
    assert not request.is_valid({"kind": "chosen"})
    assert not request.is_valid({"kind": "fixed", "id": 1})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"allOf": [{"type": "object"}, ref("Base")]}, [{"a": 1}], [{"a": 1, "b": 2}]),
        ({"allOf": [ref("Free"), ref("Base")]}, [{"a": 1}], [{"a": 1, "b": 2}]),
        ({"type": "object", "allOf": [{"allOf": [{"type": "object"}]}, ref("Base")]}, [{"a": 1}], [{"a": 1, "b": 2}]),
        ({"allOf": [ref("Free")]}, [{}, {"any": 1}], [1]),
        ({"allOf": [{"type": "object"}, {"description": "d"}]}, [{}, {"any": 1}], [1]),
        ({"allOf": [ref("Base"), {"type": "object", "additionalProperties": True}]}, [{"a": 1, "b": 2}], [{}]),
        ({"allOf": [ref("Base"), {"additionalProperties": {"type": "integer"}}]},
         [{"a": 1, "b": 2}], [{"a": 1, "b": ""}]),
        ({"anyOf": [ref("Free"), ref("Base")]}, [{"a": 1, "c": 1}, {}], [1]),
        ({"oneOf": [ref("Base"), {"type": "object", "required": ["b"]}]}, [{"a": 1}], [{"b": 1, "c": 1}]),
    ],
)  # fmt: skip
def test_a_bare_object_in_an_all_of_does_not_open_a_response(
    schema: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    base = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    checked = validator({"Base": base, "Free": {"type": "object"}}, schema, "response")
    assert [value for value in good if not checked.is_valid(value)] == []
    assert [value for value in bad if checked.is_valid(value)] == []


PETS: Schemas = {
    "Pet": {
        "type": "object",
        "required": ["kind", "name"],
        "discriminator": {"propertyName": "kind"},
        "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
    },
    "Cat": {"allOf": [ref("Pet"), {"type": "object", "properties": {"lives": {"type": "integer"}}}]},
    "Dog": {
        "allOf": [ref("Pet"), {"type": "object", "required": ["bark"], "properties": {"bark": {"type": "string"}}}]
    },
    "Puppy": {"allOf": [ref("Dog"), {"type": "object", "properties": {"weeks": {"type": "integer"}}}]},
}
TOM = {"kind": "Cat", "name": "Tom", "lives": 9}
REX = {"kind": "Dog", "name": "Rex", "bark": "w"}
PIP = {"kind": "Puppy", "name": "Pip", "bark": "w", "weeks": 3}


@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("value", [TOM, REX, PIP, {"kind": "Pet", "name": "Any"}])
def test_where_a_base_is_declared_what_is_derived_from_it_fits(direction: Direction, value: Any) -> None:
    assert validator(PETS, ref("Pet"), direction).is_valid(value)
    held = {"type": "object", "properties": {"pets": {"type": "array", "items": {"allOf": [ref("Pet")]}}}}
    assert validator(PETS, held, direction).is_valid({"pets": [value]})


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"kind": "Bird", "name": "Tweety"}, [("#/kind", "enum")]),
        ({"name": "Nobody"}, [("#/kind", "required")]),
        ({"kind": "Cat", "name": "Tom", "lives": "many"}, [("#/lives", "type")]),
        ({"kind": "Dog", "name": "Rex"}, [("#/bark", "required")]),
        (1, [("#", "type")]),
        (None, [("#", "type")]),
    ],
)  # fmt: skip
def test_only_the_faults_of_the_selected_schema_are_reported(value: Any, found: list[tuple[str, str]]) -> None:
    assert faults(validator(PETS, ref("Pet"), "request"), value) == found


def test_a_response_has_the_properties_of_the_selected_schema_and_no_others() -> None:
    response = validator(PETS, ref("Pet"), "response")
    assert not response.is_valid({"kind": "Dog", "name": "Rex", "bark": "w", "lives": 9})
    assert not response.is_valid({**PIP, "undeclared": 1})


@pytest.mark.parametrize("direction", BOTH)
def test_a_derived_schema_takes_itself_and_what_is_derived_from_it(direction: Direction) -> None:
    dogs = validator(PETS, ref("Dog"), direction)
    assert [value["kind"] for value in (TOM, REX, PIP) if dogs.is_valid(value)] == ["Dog", "Puppy"]


@pytest.mark.parametrize("direction", BOTH)
def test_a_mapping_names_the_values(direction: Direction) -> None:
    mapping = {"meow": "#/components/schemas/Cat", "wuff": "Dog"}
    pet = {**PETS["Pet"], "discriminator": {"propertyName": "kind", "mapping": mapping}}
    pets = validator({**PETS, "Pet": pet}, ref("Pet"), direction)
    assert pets.is_valid({**TOM, "kind": "meow"})
    assert pets.is_valid({**REX, "kind": "wuff"})
    assert pets.is_valid(TOM)
    assert faults(pets, {**TOM, "kind": "miau"}) == [("#/kind", "enum")]


def test_what_the_list_of_its_base_leaves_out_is_not_held_to_it() -> None:
    pet = {**PETS["Pet"], "discriminator": {"propertyName": "kind", "mapping": {"meow": "Cat"}}}
    schemas = {**PETS, "Pet": pet, "Named": {"allOf": [ref("Pet"), {"properties": {"tag": {"type": "string"}}}]}}
    assert validator(schemas, ref("Named"), "request").is_valid({"kind": "anything", "name": "a", "tag": "b"})


def test_a_base_that_nothing_is_derived_from_selects_nothing() -> None:
    assert validator({"Pet": PETS["Pet"]}, ref("Pet"), "response").is_valid({"kind": "any", "name": "a"})


def test_a_discriminator_of_an_inline_schema_selects_by_its_mapping_alone() -> None:
    inline = {"type": "object", "discriminator": {"propertyName": "kind"}}
    assert validator(PETS, inline, "request").is_valid({"kind": "any"})
    mapped = validator(PETS, {**inline, "discriminator": {"propertyName": "kind", "mapping": {"t": "Cat"}}}, "request")
    assert (mapped.is_valid({"kind": "t", "name": "Tom"}), mapped.is_valid({"kind": "Cat"})) == (True, False)


def test_what_is_derived_in_two_ways_is_derived_once() -> None:
    both = {"allOf": [ref("Cat"), ref("Dog"), ref("Nowhere")]}
    pets = {**PETS, "CatDog": {"allOf": [ref("Cat"), ref("Dog")]}, "Broken": both}
    catdogs = validator(pets, ref("CatDog"), "response")
    assert catdogs.is_valid({"kind": "CatDog", "name": "Both", "bark": "m", "lives": 9})
    assert not catdogs.is_valid({"kind": "Cat", "name": "Tom", "bark": "m"})


def test_what_leads_nowhere_is_refused() -> None:
    for schema in (ref("Nowhere"), {"type": "array", "items": {"allOf": [ref("Nowhere")]}}):
        with pytest.raises(UnservableSchemaError, match="#/components/schemas/Nowhere leads nowhere"):
            validator({}, schema, "request")


def test_a_null_fits_where_the_base_says_so() -> None:
    pets = {**PETS, "Pet": {**PETS["Pet"], "nullable": True}}
    assert validator(pets, ref("Pet"), "response").is_valid(None)


SHAPES: Schemas = {
    "Circle": {
        "type": "object",
        "required": ["r"],
        "properties": {"form": {"type": "string"}, "r": {"type": "number"}},
    },
    "Square": {
        "type": "object",
        "required": ["a"],
        "properties": {"form": {"type": "string"}, "a": {"type": "number"}},
    },
}


@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_union_is_the_alternative_that_its_discriminator_selects(direction: Direction, keyword: str) -> None:
    mapping = {"round": "#/components/schemas/Circle"}
    union = {keyword: [ref("Circle"), ref("Square")], "discriminator": {"propertyName": "form", "mapping": mapping}}
    shapes = validator(SHAPES, union, direction)
    assert shapes.is_valid({"form": "round", "r": 1})
    assert shapes.is_valid({"form": "Circle", "r": 1})
    assert shapes.is_valid({"form": "Square", "a": 1})
    assert ("#/a", "required") in faults(shapes, {"form": "Square", "r": 1})
    assert faults(shapes, {"form": "oval", "r": 1})[0] == ("#/form", "enum")
    assert ("#/form", "required") in faults(shapes, {"r": 1})
    assert not shapes.is_valid(None)
    assert shapes.is_valid({"form": "round", "r": 1, "x": 1}) == (direction == "request")


@pytest.mark.parametrize("direction", BOTH)
def test_what_is_said_beside_a_union_holds_for_each_alternative(direction: Direction) -> None:
    union = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}},
        "oneOf": [ref("Circle"), ref("Square")],
        "discriminator": {"propertyName": "form"},
    }
    shapes = validator(SHAPES, union, direction)
    assert shapes.is_valid({"form": "Circle", "r": 1, "id": 1})
    assert not shapes.is_valid({"form": "Circle", "r": 1})


def test_a_null_fits_a_union_with_an_alternative_that_says_so() -> None:
    schemas = {**SHAPES, "Nothing": {"type": "object", "nullable": True, "properties": {"form": {"type": "string"}}}}
    union = {"oneOf": [ref("Circle"), ref("Nothing")], "discriminator": {"propertyName": "form"}}
    assert validator(schemas, union, "response").is_valid(None)


def test_an_alternative_with_a_discriminator_of_its_own_is_followed() -> None:
    schemas = {**PETS, "Rock": {"type": "object", "properties": {"what": {"type": "string"}}}}
    thing = {"oneOf": [ref("Animal"), ref("Rock")], "discriminator": {"propertyName": "what"}}
    schemas["Animal"] = {
        "type": "object",
        "required": ["what"],
        "properties": {"what": {"type": "string"}, "kind": {"type": "string"}},
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {"propertyName": "kind"},
    }
    things = validator(schemas, thing, "response")
    assert things.is_valid({"what": "Animal", **TOM})
    assert things.is_valid({"what": "Rock"})
    assert not things.is_valid({"what": "Animal", **TOM, "kind": "Rock"})


@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize(
    ("schemas", "schema", "sentence"),
    [
        (SHAPES, {"oneOf": [ref("Circle"), {"type": "object"}], "discriminator": {"propertyName": "form"}},
         "the discriminator 'form' is beside an inline schema in oneOf"),
        (SHAPES, {"oneOf": [ref("Circle")], "discriminator": {"propertyName": "form", "mapping": {"s": "Square"}}},
         "the discriminator 'form' maps 's' to a schema that is not in its oneOf"),
        (SHAPES, {"oneOf": [ref("Circle")], "discriminator": {"propertyName": "form", "mapping": {"s": "s.yaml"}}},
         "the discriminator maps 's' to nothing: s.yaml leads out of the document"),
        ({"A": {**PETS["Pet"]}, "B": {**PETS["Pet"]}, "C": {"allOf": [ref("A"), ref("B")]}}, ref("C"),
         "C is derived from several schemas with a discriminator"),
        ({**PETS, "Cat": {"allOf": [ref("Pet"), {"properties": {"kind": {"enum": ["CAT"]}}}]}}, ref("Pet"),
         "the discriminator 'kind' is never 'Cat' in #/components/schemas/Cat"),
        ({"A": {"allOf": [{"anyOf": [ref("A")]}]}}, ref("A"), "has itself among its parts"),
        ({"A": {"not": ref("A")}}, {"type": "array", "items": ref("A")}, "has itself among its parts"),
        ({**PETS, "Cat": {"allOf": [ref("Pet"), {"anyOf": [ref("Pet")]}]}}, ref("Pet"), "has itself among its parts"),
    ],
)  # fmt: skip
def test_what_cannot_be_selected_is_refused(
    direction: Direction, schemas: Schemas, schema: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UnservableSchemaError) as caught:
        validator(schemas, schema, direction)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("direction", "word"), [("request", "readOnly"), ("response", "writeOnly")])
def test_a_discriminator_that_cannot_be_sent_is_refused(direction: Direction, word: str) -> None:
    hidden = {**PETS["Pet"], "properties": {"kind": {"type": "string", word: True}}}
    with pytest.raises(UnservableSchemaError, match=f"the discriminator 'kind' is {word} in "):
        validator({**PETS, "Pet": hidden}, ref("Pet"), direction)


def test_a_schema_that_has_itself_in_a_property_or_an_item_is_served() -> None:
    tree = {"type": "object", "properties": {"kids": {"type": "array", "items": ref("Tree")}, "top": ref("Tree")}}
    trees = validator({"Tree": tree}, ref("Tree"), "response")
    assert trees.is_valid({"kids": [{"kids": [{}]}], "top": {"top": {}}})
    assert not trees.is_valid({"kids": [{"kids": [{"x": 1}]}]})
