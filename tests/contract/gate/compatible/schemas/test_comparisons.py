from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml

from tickbox_contract.gate.compatible.schemas import JSON, Broken, Covered, Direction, Node, SchemaComparison, Undecided
from tickbox_contract.gate.compatible.schemas.validators import json_schema
from tickbox_contract.gate.contracts import Contract

from .documents import AT, compared, contract_of, is_accepted, meaning_of

HERE = Path(__file__).parent
ENTRIES = yaml.load((HERE / "pairs.yaml").read_bytes(), yaml.CSafeLoader)
NEWER = yaml.load((HERE / "pairs-3.1.yaml").read_bytes(), yaml.CSafeLoader)
DIRECTED = yaml.load((HERE / "directed.yaml").read_bytes(), yaml.CSafeLoader)
HANDED_OVER = json.loads((HERE / "handed_over.json").read_text(encoding="utf-8"))


class Pair(NamedTuple):
    """Two schemas, and whether a client of the old one breaks with the new one."""

    direction: Direction
    old: Any
    new: Any
    breaks: bool


class Proof(NamedTuple):
    """A value that fits one schema and does not fit the other."""

    value: JSON
    fits: Any
    fits_not: Any


def both_ways(covered: Any, covering: Any, *, breaks: bool) -> Iterator[Pair]:
    """The pairs in which each value of *covered* has to be one of *covering*."""
    yield Pair("request", covered, covering, breaks)
    yield Pair("response", covering, covered, breaks)


def pairs(entries: list[dict[str, Any]]) -> Iterator[Any]:
    for entry in entries:
        first = entry.get("narrow", entry.get("one"))
        second = entry.get("wide", entry.get("other"))
        found = [*both_ways(first, second, breaks="only_one" in entry)]
        found += both_ways(second, first, breaks="only" in entry or "only_other" in entry)
        for pair in found:
            way = f"{pair.direction}, {'breaking' if pair.breaks else 'safe'}"
            yield pytest.param(pair, id=f"{entry['about']}: {way}")


def proofs() -> Iterator[Any]:
    for entry in ENTRIES:
        if "only" in entry:
            yield pytest.param(Proof(entry["only"], entry["wide"], entry["narrow"]), id=entry["about"])
        if "only_one" in entry:
            yield pytest.param(Proof(entry["only_one"], entry["one"], entry["other"]), id=entry["about"])
            yield pytest.param(Proof(entry["only_other"], entry["other"], entry["one"]), id=entry["about"])


@pytest.mark.parametrize("proof", list(proofs()))
def test_the_server_proves_that_a_pair_differs(proof: Proof) -> None:
    assert (is_accepted(proof.fits, proof.value), is_accepted(proof.fits_not, proof.value)) == (True, False)


@pytest.mark.parametrize("pair", list(pairs(ENTRIES)))
def test_a_pair_has_its_proven_verdict(pair: Pair) -> None:
    found = compared(pair.old, pair.new, pair.direction)
    if not pair.breaks:
        assert found == Covered()
        return
    assert isinstance(found, Broken)
    fits, fits_not = (pair.old, pair.new) if pair.direction == "request" else (pair.new, pair.old)
    assert (is_accepted(fits, found.witness), is_accepted(fits_not, found.witness)) == (True, False)


@pytest.mark.parametrize("pair", list(pairs(NEWER)))
def test_a_pair_of_a_newer_version_has_its_proven_verdict(pair: Pair) -> None:
    found = compared(pair.old, pair.new, pair.direction, version="3.1.0")
    assert type(found) is (Broken if pair.breaks else Covered)


@pytest.mark.parametrize(
    "entry", [pytest.param(each, id=each["about"]) for each in NEWER if {"only", "only_one"} & each.keys()]
)
def test_a_value_proves_that_a_pair_of_a_newer_version_differs(entry: dict[str, Any]) -> None:
    first, second = (entry.get(keys[0], entry.get(keys[1])) for keys in (("wide", "one"), ("narrow", "other")))
    schemas = [json_schema(meaning_of(each, version="3.1.0")) for each in (first, second)]
    formats = jsonschema.FormatChecker(["uuid"])
    validators = [jsonschema.Draft202012Validator(each, format_checker=formats) for each in schemas]
    for value, fits in ((entry.get("only", entry.get("only_one")), 0), (entry.get("only_other"), 1)):
        if fits == 0 or "only_other" in entry:
            assert (validators[fits].is_valid(value), validators[1 - fits].is_valid(value)) == (True, False)


def test_a_rest_that_depends_on_too_much_is_left_to_a_person() -> None:
    """More than six alternatives that may all hold: what the rest of the properties is has too many forms."""
    old = {"anyOf": [{"properties": {f"p{number}": {}}} for number in range(7)], "unevaluatedProperties": False}
    new = {"properties": {f"p{number}": {} for number in range(7)}, "additionalProperties": False}
    assert isinstance(compared(old, new, version="3.1.0"), Undecided)


@pytest.mark.parametrize(
    "keyword", ["contains", "prefixItems", "patternProperties", "propertyNames", "unevaluatedProperties"]
)
def test_an_unknown_format_in_other_keywords_is_never_safe(keyword: str) -> None:
    unknown: Any = {"type": "string", "format": "colour"}
    holder = {"prefixItems": [unknown], "patternProperties": {"^a": unknown}}.get(keyword, unknown)
    new = {keyword: holder, "minItems": 1} if keyword in {"contains", "prefixItems"} else {keyword: holder}
    old = {"items": {"type": "string"}, "minItems": 1, "additionalProperties": {"type": "string"}}
    assert not isinstance(compared(old, new, version="3.1.0"), Covered)
    closed = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    assert keyword in {"contains", "prefixItems"} or not isinstance(compared(closed, new, version="3.1.0"), Covered)


@pytest.mark.parametrize("schema", [{"$dynamicRef": "#a"}, {"$ref": "#/nowhere"}, {"$ref": "other.yaml"}])
def test_a_reference_that_cannot_be_followed_is_left_to_a_person(schema: Any) -> None:
    assert isinstance(compared(schema, {"type": "string"}, version="3.1.0"), Undecided)


def test_what_is_not_a_schema_is_left_to_a_person() -> None:
    found = compared({"type": "file"}, {"enum": ["a"], "multipleOf": -1})
    assert isinstance(found, Undecided) or found == Covered()
    assert isinstance(compared({"enum": ["a"]}, {"type": "text"}), Undecided)


def nested(depth: int, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = {"type": "object", "properties": {"x": leaf}}
    return leaf


def chained(length: int, leaf: Any) -> Any:
    link = {number: {"$ref": f"#/components/schemas/C{number + 1}"} for number in range(length)}
    schemas = {f"C{number}": {"type": "object", "properties": {"x": link[number]}} for number in range(length)}
    return {"schemas": {"Root": {"$ref": "#/components/schemas/C0"}, **schemas, f"C{length}": leaf}}


def webbed(size: int, most: int) -> Any:
    """Components that all lead to all others."""
    links = {f"x{number}": {"$ref": f"#/components/schemas/C{number}"} for number in range(size)}
    schemas = {
        f"C{number}": {"type": "object", "properties": {**links, "own": {"type": "string", "maxLength": most + number}}}
        for number in range(size)
    }
    return {"schemas": {"Root": {"$ref": "#/components/schemas/C0"}, **schemas}}


def of_kinds(count: int, **further: Any) -> Any:
    kinds = [{"kind": {"enum": [f"k{number}"]}, **further} for number in range(count)]
    return [
        {"type": "object", "required": ["kind"], "properties": each, "additionalProperties": False} for each in kinds
    ]


def test_a_change_far_inside_is_found() -> None:
    found = compared(nested(100, {"type": "string"}), nested(100, {"type": "string", "maxLength": 3}))
    assert isinstance(found, Broken)
    assert found.pointer[-1] == "maxLength"


def test_a_change_too_far_inside_is_left_to_a_person() -> None:
    found = compared(chained(2000, {"type": "string"}), chained(2000, {"type": "integer"}))
    assert found == Undecided("the two schemas are too large to be compared", AT)


@pytest.mark.parametrize("schema", [chained(2000, {}), webbed(60, 1), nested(300, {})])
def test_a_large_schema_is_the_same_as_itself(schema: Any) -> None:
    assert compared(schema, json.loads(json.dumps(schema))) == Covered()


def test_components_that_lead_to_each_other_are_compared() -> None:
    assert compared(webbed(25, 1), webbed(25, 2)) == Covered()
    assert isinstance(compared(webbed(25, 2), webbed(25, 1)), Broken)


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_many_alternatives_that_all_change_are_compared(keyword: str) -> None:
    before, after = ({keyword: of_kinds(15, **each)} for each in ({}, {"new": {"type": "string"}}))
    assert compared(before, after) == Covered()
    assert isinstance(compared(after, before), Broken)


def test_limits_that_only_count_together_are_left_to_a_person() -> None:
    """Of four items, two at most are texts, and one is not: this is not possible."""
    four = {"type": "array", "minItems": 4, "maxItems": 4}
    old = {**four, "contains": {"not": {"type": "string"}}, "minContains": 0, "maxContains": 1}
    found = compared(old, {**four, "contains": {"type": "string"}, "minContains": 3}, version="3.1.0")
    assert isinstance(found, Undecided)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ({}, {"unevaluatedProperties": False, "required": ["a"]}, ("required",)),
        ({"required": ["a"]}, {"unevaluatedProperties": False, "required": ["a"]}, ("unevaluatedProperties",)),
        ({"required": ["xa"]}, {"patternProperties": {"^x": {"type": "string"}}}, ("patternProperties", "^x", "type")),
        ({"minItems": 1}, {"prefixItems": [{"minimum": 1}]}, ("prefixItems", 0, "minimum")),
        ({"minItems": 1}, {"if": {"minItems": 1}, "then": {"maxItems": 0}}, ("then", "maxItems")),
        ({"required": ["a"]}, {"propertyNames": {"maxLength": 0}}, ("propertyNames",)),
        ({"minItems": 1}, {"contains": {"const": 1}}, ("contains",)),
        ({"minItems": 2}, {"contains": {}, "maxContains": 1}, ("maxContains",)),
    ],
)
def test_a_break_is_shown_where_it_is_written(old: Any, new: Any, place: tuple[str | int, ...]) -> None:
    kind = "array" if {"minItems"} & old.keys() else "object"
    found = compared({"type": kind, **old}, {"type": kind, **new}, version="3.1.0")
    assert isinstance(found, Broken)
    assert found.pointer == (*AT, *place)


def test_a_break_is_shown_although_it_takes_long_to_look_for_another_one() -> None:
    """The two patterns are the same, which takes more steps than a nicer value is worth."""
    one, other = ({"type": "string", "pattern": text} for text in ("^(a|b)*a(a|b){11}$", "^(b|a)*a(b|a){11}$"))
    old = {"type": "object", "properties": {"b": {}, "p": one}}
    found = compared(old, {"type": "object", "properties": {"a": {"type": "string"}, "b": {}, "p": other}})
    assert isinstance(found, Broken)
    assert (set(found.witness), found.is_undeclared) == ({"a"}, False)


def test_alternatives_around_themselves_are_compared() -> None:
    """Whether a node and what it needs exclude each other is asked while a value for both is searched."""
    needs = {"type": "object", "required": ["p"]}
    several = [{"type": "object", "maxProperties": number} for number in range(2, 30)]
    node = {"$ref": "#/components/schemas/Node"}
    inner = {"allOf": [node], "anyOf": [needs, *several], "oneOf": [needs, {"maxProperties": 0}]}
    both = {"allOf": [{"properties": {"x": node}}, {"properties": {"x": needs}}], "type": "object", "required": ["x"]}
    schemas = {"Root": both, "Node": {"type": "object", "properties": {"p": inner}}}
    assert isinstance(compared({"schemas": schemas}, {"schemas": {**schemas, "Root": {"required": ["y"]}}}), Broken)


def test_a_list_that_is_too_long_for_a_value_is_left_to_a_person() -> None:
    assert isinstance(compared({"type": "array"}, {"type": "array", "maxItems": 10**9}), Undecided)


def test_an_object_that_is_too_large_for_a_value_is_left_to_a_person() -> None:
    assert isinstance(compared({"type": "object"}, {"type": "object", "maxProperties": 10**9}), Undecided)


def test_few_items_that_must_be_several_things_are_searched() -> None:
    strings, short, others = (
        {"items": {"type": "string"}},
        {"items": {"maxLength": 2}},
        {"items": {"not": {"type": "string"}}},
    )
    any_list = {"type": "array", "maxItems": 2}
    assert isinstance(compared(any_list, {**any_list, "anyOf": [strings, others, {"maxItems": 1}]}), Broken)
    assert compared(any_list, {**any_list, "anyOf": [strings, short, {"uniqueItems": True}]}) == Covered()
    three = [strings, others, {"items": {"enum": [0]}}]
    assert isinstance(compared(any_list, {**any_list, "anyOf": three}), Broken)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"format": "colour"}}),
        ({"required": ["a"]}, {"properties": {"a": {"type": "string", "format": "colour"}}}),
        ({"enum": [{"a": "x"}]}, {"properties": {"a": {"type": "string", "format": "colour"}}}),
        ({"enum": [["x"]]}, {"items": {"type": "string", "anyOf": [{"format": "colour"}, {"format": "date"}]}}),
    ],
)
def test_an_unknown_format_inside_is_never_safe(old: Any, new: Any) -> None:
    assert not isinstance(compared(old, new), Covered)


def test_one_comparison_is_for_all_pairs_of_two_contracts() -> None:
    schemas = {"Root": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}, "A": {"type": "string"}}
    before, after = contract_of({"schemas": schemas}), contract_of({"schemas": {**schemas, "A": {"type": "integer"}}})
    comparison = SchemaComparison(before, after)
    found = [
        comparison.compare(node(before, name), node(after, name), direction=direction)
        for name in ("Root", "A")
        for direction in ("request", "response")
    ]
    assert [type(each) for each in found] == [Broken] * 4


def node(contract: Contract, name: str) -> Node:
    return contract.node.at("components", "schemas", name)


def test_a_value_is_reported_although_another_one_would_be_nicer() -> None:
    closed = {"anyOf": of_kinds(80)}
    opened = {"anyOf": [{**each, "additionalProperties": True} for each in of_kinds(80)]}
    found = compared(opened, closed)
    assert isinstance(found, Broken)
    assert not found.is_undeclared  # it was not proved that each such value has an undeclared property


def test_many_distinct_items_are_left_to_a_person() -> None:
    old = {"type": "array", "uniqueItems": True, "items": {"type": "integer"}}
    assert isinstance(compared(old, {**old, "maxItems": 1000}), Undecided)


def test_an_undeclared_property_is_said_to_be_undeclared() -> None:
    found = compared({"type": "object"}, {"type": "object", "properties": {"a": {"type": "string"}}})
    free = isinstance(found, Broken) and found.is_undeclared
    found = compared({"properties": {"b": {}}}, {"properties": {"a": {"type": "string"}, "b": {}}})
    assert (free, isinstance(found, Broken) and found.is_undeclared) == (False, True)


def test_a_value_with_declared_properties_is_preferred() -> None:
    old = {"type": "object", "properties": {"a": {"type": "string"}}}
    found = compared(old, {"type": "object", "additionalProperties": False, "properties": {"a": {"maxLength": 1}}})
    assert isinstance(found, Broken)
    assert (found.witness, found.is_undeclared) == ({"a": "aa"}, False)


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{each['about']}: {each['direction']}") for each in DIRECTED])
def test_a_pair_has_the_verdict_of_its_direction(case: dict[str, Any]) -> None:
    found = compared(case["old"], case["new"], case["direction"])
    assert (found.witness if isinstance(found, Broken) else found) == case.get("breaks", Covered())


@pytest.mark.parametrize("case", [pytest.param(each, id=each["name"]) for each in HANDED_OVER])
def test_a_case_that_was_handed_over_comes_out_right(case: dict[str, Any]) -> None:
    found = compared(case["old"], case["new"], case["direction"])
    assert type(found) is {"safe": Covered, "breaking": Broken}[case["verdict"]]


def test_there_are_many_pairs() -> None:
    assert len(list(pairs(ENTRIES))) + len(DIRECTED) > 500


def test_an_unknown_format_is_never_safe() -> None:
    found = compared({"type": "string"}, {"type": "string", "format": "colour"})
    assert found == Undecided("a proof was not found, nor a value that breaks a client", AT)


def test_an_unknown_format_is_not_safe_beside_an_enum() -> None:
    found = compared({"type": "string", "enum": ["red"]}, {"type": "string", "format": "colour"})
    assert isinstance(found, Undecided)
