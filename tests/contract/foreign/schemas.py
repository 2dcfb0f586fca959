# ruff: noqa: FBT003  # values to be tried
"""Schemas: each keyword of OpenAPI 3.0, tried in request bodies. The ideas are the JSON Schema Test Suite's."""

from collections.abc import Sequence
from typing import Any

from .rows import Node, Row, Trial, body, ignored, posts, refused, rejects, served, takes

SCHEMA = "Schema Object"
FORMATS = "Data Type Format"
COMPOSITION = "Composition and Inheritance"


def _row(name: str, schema: Node, good: Sequence[Any], bad: Sequence[tuple[Any, str]], section: str = SCHEMA) -> Row:
    """A body of *schema*: *good* values reach the handler, of *bad* ones each fault is `<pointer> <code>`."""
    trials = [*map(takes, good), *(rejects(value, *places.split(", ")) for value, places in bad)]
    return served(name, section, *trials, **body(schema))


def _bad(code: str, *values: Any) -> list[tuple[Any, str]]:
    return [(value, f"# {code}") for value in values]


def _raw(literal: bytes, as_given: Any) -> Trial:
    return posts(literal, given={"body": as_given})


def _object(**properties: Node) -> Node:
    return {"type": "object", "properties": properties}


TYPE_ROWS = (
    served("type: integer accepts 1.0", SCHEMA, takes(1), _raw(b"1.0", 1), _raw(b"1e2", 100), rejects(1.5, "# type"),
           rejects("1", "# type"), rejects(True, "# type"), **body({"type": "integer"})),
    _row("type: number", {"type": "number"}, [0, -1, 1.5, 1e300], _bad("type", "1", None, False)),
    _row("type: boolean", {"type": "boolean"}, [True, False], _bad("type", 0, 1, "true", None)),
    _row("type: string", {"type": "string"}, ["", "1", "\u0130\U0001f600"], _bad("type", 1, None, [], {})),
    _row("type: array", {"type": "array", "items": {}}, [[], [None, 1]], _bad("type", {}, "a")),
    _row("type: object", {"type": "object"}, [{}, {"a": [1]}], _bad("type", [], "a", None)),
    _row("nullable with a type", {"type": "string", "nullable": True}, ["a", None], _bad("type", 1)),
    _row("nullable: false", {"type": "string", "nullable": False}, ["a"], _bad("type", None)),
    _row("nullable without a type: null is allowed in any case", {"nullable": False, "minimum": 2}, [None, 2, "a"],
         _bad("minimum", 1)),
    _row("nullable with an enum that does not have null", {"type": "string", "nullable": True, "enum": ["a"]}, ["a"],
         _bad("enum", None)),
    _row("nullable with an enum that has null", {"type": "string", "nullable": True, "enum": ["a", None]}, ["a", None],
         _bad("enum", "b")),
    refused("a list of types", SCHEMA, "type: This must be a string.", **body({"type": ["string", "null"]})),
)  # fmt: skip

ENUM_ROWS = (
    _row("enum of several types", {"enum": [6, "foo", [], True, {"foo": 12}, None]},
         [6, "foo", [], True, {"foo": 12}, None], _bad("enum", 7, {"foo": 12, "boo": 42}, {}, False)),
    _row("enum with 0 does not accept false", {"enum": [0]}, [0, 0.0], _bad("enum", False, [0])),
    _row("enum with false does not accept 0", {"enum": [False]}, [False], _bad("enum", 0, [False])),
    _row("enum with 1 does not accept true", {"enum": [1]}, [1, 1.0], _bad("enum", True)),
    _row("enum with [true] does not accept [1]", {"enum": [[True]]}, [[True]], _bad("enum", [1])),
    _row("enum with escaped characters", {"enum": ["foo\nbar", "foo\rbar"]}, ["foo\nbar"], _bad("enum", "foobar")),
    _row("enum with a text that is a word of YAML", {"enum": ["no", "on", "1", "null"]}, ["no", "on", "1", "null"],
         _bad("enum", False, 1, None)),
)  # fmt: skip

NUMBER_ROWS = (
    _row("minimum and maximum", {"minimum": -1.5, "maximum": 3}, [-1.5, 3, 3.0, "a", None],
         [*_bad("minimum", -1.6), *_bad("maximum", 3.01)]),
    _row("exclusiveMinimum: true", {"minimum": 1, "exclusiveMinimum": True}, [1.1], _bad("minimum", 1, 0.9)),
    _row("exclusiveMaximum: true", {"maximum": 1, "exclusiveMaximum": True}, [0.9], _bad("maximum", 1, 1.1)),
    _row("exclusiveMinimum: false", {"minimum": 1, "exclusiveMinimum": False}, [1], _bad("minimum", 0)),
    _row("multipleOf of an integer", {"multipleOf": 2}, [10, 0, "a"], _bad("multiple-of", 7)),
    _row("multipleOf of a decimal", {"multipleOf": 0.01}, [0.07, 4.02, 19.99, 1, 0], _bad("multiple-of", 0.075, 4.025)),
    _row("multipleOf of a small decimal", {"multipleOf": 0.0001}, [0.0075], _bad("multiple-of", 0.00751)),
    _row("integers of 64 bits and beyond", {"type": "integer"}, [2**63, -(2**63)], _bad("maximum", 2**64, -(2**70))),
)  # fmt: skip

STRING_ROWS = (
    _row("minLength and maxLength count characters, not bytes", {"minLength": 2, "maxLength": 2}, ["éé",
         "\U0001f4a9" * 2, 5],
         [*_bad("min-length", "\U0001f4a9"), *_bad("max-length", "abc")]),
    _row("pattern is not anchored", {"pattern": "a+"}, ["xaay", 5, None], _bad("pattern", "b", "")),
    _row("pattern, anchored", {"pattern": "^a*$"}, ["", "aaa"], _bad("pattern", "ab", "a\n")),
    _row("pattern with classes of Unicode", {"pattern": r"^\p{Letter}+$"}, ["é", "LÖVE"], _bad("pattern", "1", "a1")),
    _row(r"pattern: \d matches ASCII only", {"pattern": r"^\d+$"}, ["42"], _bad("pattern", "\u09ea\u09e8")),
    _row(r"pattern: \w matches ASCII only", {"pattern": r"^\w+$"}, ["a_1"], _bad("pattern", "é")),
    _row("pattern beyond the basic plane", {"pattern": "^\U0001f432*$"}, ["", "\U0001f432\U0001f432"], _bad("pattern",
         "D")),
    refused("pattern with look-ahead", SCHEMA, "does not compile", **body({"pattern": "^(?!a)"})),
    refused("pattern with a back-reference", SCHEMA, "does not compile", **body({"pattern": r"(a)\1"})),
    refused("pattern that is not a regular expression", SCHEMA, "This must be a regular expression.",
            **body({"pattern": "("})),
)  # fmt: skip

ARRAY_ROWS = (
    _row("items", {"type": "array", "items": {"type": "integer"}}, [[], [1]], [([1, "x"], "#/1 type")]),
    _row("items of items", {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, [[[1], []]],
         [([[1], ["x"]], "#/1/0 type")]),
    _row("minItems and maxItems", {"type": "array", "items": {}, "minItems": 1, "maxItems": 2}, [[1], [1, 2]],
         [*_bad("min-items", []), *_bad("max-items", [1, 2, 3])]),
    _row("items are checked only within maxItems", {"type": "array", "items": {"type": "string"}, "maxItems": 2},
         [[]],
         _bad("max-items", [1, 2, 3])),
    _row("uniqueItems", {"type": "array", "items": {}, "uniqueItems": True}, [[1, True, 0, False], [{"a": 1},
         {"a": 2}], ["1", 1]],
         _bad("unique-items", [1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1}], [[1], [1]])),
    _row("uniqueItems: false", {"type": "array", "items": {}, "uniqueItems": False}, [[1, 1]], []),
    _row("an array without items may contain anything", {"type": "array"}, [[], [1, "a"]], _bad("type", 1)),
)  # fmt: skip

ODD = ("__proto__", "constructor", "toString", "$ref", "a/b", "a~b", "a%b", "", "é", 'a"b', "a\\b")

OBJECT_ROWS = (
    _row("required properties", {"required": ["a"]}, [{"a": None}, [], "a", 5], [({}, "#/a required")]),
    _row("required with names that have a meaning elsewhere", {"required": ["__proto__", "toString", "constructor"]},
         [{"__proto__": "a", "toString": {}, "constructor": 37}],
         [({}, "#/__proto__ required, #/toString required, #/constructor required")]),
    _row("properties with names that have a meaning elsewhere", _object(**{name: {"type": "integer"} for name in ODD}),
         [dict.fromkeys(ODD, 1)],
         [({"__proto__": "x"}, "#/__proto__ type"), ({"constructor": "x"}, "#/constructor type"),
          ({"$ref": "x"}, "#/$ref type"), ({"a/b": "x"}, "#/a~1b type")]),
    _row("properties that are not declared are accepted, unless additionalProperties says otherwise", _object(a={}),
         [{"b": 1}], []),
    _row("additionalProperties: false", {**_object(a={}), "additionalProperties": False}, [{}, {"a": 1}],
         [({"b": 1}, "#/b unknown"), ({"__proto__": 1}, "#/__proto__ unknown")]),
    _row("additionalProperties with a schema", {**_object(a={}), "additionalProperties": {"type": "integer"}},
         [{"a": "x", "b": 1}], [({"b": "x"}, "#/b type")]),
    _row("additionalProperties with a pattern", {"type": "object", "additionalProperties": {"pattern": "^x"}},
         [{"a": "x"}],
         [({"a": "y"}, "#/a pattern")]),
    _row("minProperties and maxProperties", {"minProperties": 1, "maxProperties": 2}, [{"a": 1}, [], "x"],
         [*_bad("min-properties", {}), *_bad("max-properties", {"a": 1, "b": 2, "c": 3})]),
    _row("additionalProperties: false does not see into allOf",
         {"allOf": [_object(a={})], "properties": {"b": {}}, "additionalProperties": False}, [{"b": 1}],
         [({"a": 1}, "#/a unknown")]),
    _row("properties and keywords of other types have no effect", {"properties": {"a": {}}, "minLength": 2}, [5,
         {"a": 1}, "ab"],
         _bad("min-length", "x")),
    refused("patternProperties", SCHEMA, "patternProperties: There is no such property here.",
            **body({"type": "object", "patternProperties": {"^a": {}}})),
    refused("a schema that is a boolean", SCHEMA, "This must be an object.",
            **body({"type": "object", "properties": {"a": True}})),
)  # fmt: skip

COMPOSED_ROWS = (
    _row("allOf", {"allOf": [{"maximum": 30}, {"minimum": 20}]}, [25, "a"], [*_bad("maximum", 35), *_bad("minimum",
         5)], COMPOSITION),
    _row("allOf, with keywords beside it",
         {"allOf": [{**_object(bar={"type": "integer"}), "required": ["bar"]}], "required": ["foo"]},
         [{"foo": 1, "bar": 2}], [({"foo": 1}, "#/bar required"), ({"bar": 2}, "#/foo required")], COMPOSITION),
    _row("anyOf", {"anyOf": [{"type": "integer"}, {"minimum": 2}]}, [1, 2.5, 3], _bad("any-of", 1.5)),
    _row("anyOf with an empty schema", {"anyOf": [{"type": "number"}, {}]}, ["a", 1], []),
    _row("oneOf", {"oneOf": [{"type": "integer"}, {"minimum": 2}]}, [1, 2.5], _bad("one-of", 3, 1.5)),
    _row("oneOf with required", {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, [{"a": 1},
         {"b": 1}],
         _bad("one-of", {}, {"a": 1, "b": 1})),
    _row("oneOf with nullable", {"oneOf": [{"type": "string", "nullable": True}, {"type": "integer"}]}, [None, "a", 1],
         _bad("one-of", 1.5)),
    _row("not", {"not": {"type": "integer"}}, ["a", 1.5], _bad("not", 1)),
    _row("not of properties", {"not": _object(a={"type": "string"})}, [1, {"a": 1}],
         _bad("not", {"a": "x"}, {})),
    _row("allOf, anyOf and oneOf together", {"allOf": [{"multipleOf": 2}], "anyOf": [{"multipleOf": 3}],
         "oneOf": [{"multipleOf": 5}]},
         [30, 60], _bad("any-of", 10)),
)  # fmt: skip


def _format(name: str, kind: str, good: Sequence[Any], bad: Sequence[Any], code: str = "format") -> Row:
    return _row(f"format: {name}", {"type": kind, "format": name}, good, _bad(code, *bad), FORMATS)


FORMAT_ROWS = (
    _row("format: int32", {"type": "integer", "format": "int32"}, [2**31 - 1, -(2**31)],
         [*_bad("maximum", 2**31), *_bad("minimum", -(2**31) - 1)], FORMATS),
    _row("format: int32 with bounds of its own", {"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**40},
         [0, 2**31 - 1], [*_bad("maximum", 2**31), *_bad("minimum", -1)], FORMATS),
    _row("format: int64", {"type": "integer", "format": "int64"}, [2**63 - 1, -(2**63)], _bad("maximum", 2**63),
         FORMATS),
    _row("format: float", {"type": "number", "format": "float"}, [0.1, -3.4e38], [*_bad("maximum", 3.5e38),
         *_bad("minimum", -1e39)],
         FORMATS),
    _row("format: double", {"type": "number", "format": "double"}, [0.1, 1.7e308], [], FORMATS),
    _format("byte", "string", ["", "AAAA", "AA==", "AAA=", "+/9a"], ["A", "AA", "AA=", "A===", "A-_A", "AA==\n",
    "AAAA AAAA"]),
    _format("date", "string", ["2024-02-29", "0001-01-01"], ["2023-02-29", "2024-2-9", "20240229",
    "2024-01-01T00:00:00Z"]),
    _format("date-time", "string", ["2024-02-29T00:00:00Z", "2024-02-29t00:00:00.5z", "2024-02-29T00:00:00+14:00"],
            ["2024-02-29T00:00:00", "2024-02-29 00:00:00Z", "1998-12-31T23:59:60Z", "2024-02-29T24:00:00Z"]),
    _format("uuid", "string", ["0190a5f0-0000-7000-8000-000000000000", "0190A5F0-0000-7000-8000-00000000000A"],
            ["0190a5f0000070008000000000000000", "{0190a5f0-0000-7000-8000-000000000000}", "x"]),
    _format("email", "string", ["ada@example.com"], ["ada", "@example.com"]),
    _format("uri", "string", ["https://a.example/b?c#d", "urn:a:b"], ["/relative", "a b", "https://a b"]),
    _format("ipv4", "string", ["127.0.0.1"], ["127.0.0.256", "127.1", "0x7f.0.0.1"]),
    _format("ipv6", "string", ["::1", "2001:db8::"], ["12345::", "127.0.0.1"]),
    _format("hostname", "string", ["a.example"], ["-a.example", "a..example"]),
    ignored("format: password", FORMATS, takes("x"), **body({"type": "string", "format": "password"})),
    ignored("format: binary of a text in JSON", FORMATS, takes("\u00e9"), **body({"type": "string",
            "format": "binary"})),
    ignored("a format that is not known", FORMATS, takes("x"), **body({"type": "string", "format": "klingon"})),
    _row("a format of texts does not apply to other types", {"format": "date"}, [1, None, "2024-01-01"], _bad("format",
         "x"), FORMATS),
)  # fmt: skip

ANNOTATION_ROWS = (
    ignored("title, description, example, externalDocs, deprecated, xml", SCHEMA, takes(1), **body({
        "type": "integer", "title": "t", "description": "d", "example": "not an integer", "deprecated": True,
        "externalDocs": {"url": "https://a.example"}, "xml": {"name": "x"}, "x-any": {"type": "string"},
    })),
)  # fmt: skip

ROWS = (
    *TYPE_ROWS, *ENUM_ROWS, *NUMBER_ROWS, *STRING_ROWS, *ARRAY_ROWS, *OBJECT_ROWS, *COMPOSED_ROWS, *FORMAT_ROWS,
    *ANNOTATION_ROWS,
)  # fmt: skip
