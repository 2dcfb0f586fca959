"""A contract is read as JSON, or as YAML 1.2: `no` is a text, and so is 12:30."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tickbox_contract.gate.reading import UnreadableError, read
from tickbox_contract.gate.yaml_texts import YamlReader
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.files import load
from tickbox_contract.openapi.servable import UNIQUE_KEY


@pytest.mark.parametrize(
    "text",
    [
        "no", "NO", "No", "yes", "Yes", "on", "ON", "off", "y", "n", "12:30", "1:30:00", "190:20:30.15", "0b11",
        "1_000",
        "2026-01-31", "2026-01-31T00:00:00Z", "=", "<<", "0o8", "0xG", "+0o7",
        "1.2.3", "1e", ".", "e3", "0x", "nULL",
        "tRUE", "1 2", "+.e1", "-0x1",
    ],
)  # fmt: skip
def test_what_is_a_text_in_yaml_1_2_is_a_text(text: str) -> None:
    assert load(f"a: {text}\n".encode()) == YamlReader(f"a: {text}\n".encode()).read() == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
        ("null", None), ("Null", None), ("NULL", None), ("~", None), ("", None),
        ("12", 12), ("+12", 12), ("-12", -12), ("012", 12), ("0o14", 12), ("0xC", 12), ("0xc", 12), ("0", 0),
        ("1.5", 1.5), ("1e3", 1000.0), ("1E-3", 0.001), (".5", 0.5), ("-.5e+1", -5.0), ("1.", 1.0), ("+1.0", 1.0),
        ("'12'", "12"), ('"no"', "no"), ("!!str 12", "12"), ("!!int '12'", 12), ("!!float 1", 1.0),
        ("!!bool 'true'", True),
    ],
)  # fmt: skip
def test_other_scalars_are_what_the_core_schema_says(text: str, value: Any) -> None:
    for read_by in (load, lambda raw: YamlReader(raw).read()):
        (read_value,) = read_by(f"a: {text}\n".encode()).values()
        assert (read_value, type(read_value)) == (value, type(value))


def test_a_key_is_the_text_that_is_written() -> None:
    text = b"{200: a, 1.0: b, true: c, no: d, null: e, 0x10: f, 12:30: g, ~: h}"
    assert list(load(text)) == ["200", "1.0", "true", "no", "null", "0x10", "12:30", "~"]


def test_what_is_merged_has_texts_as_keys_too() -> None:
    text = b"base: &base {no: 1, 200: 2}\nall: {<<: *base, 200: 3}\nboth: {<<: [{on: 4}, *base]}\n"
    assert load(text)["all"] == {"no": 1, "200": 3}
    assert load(text)["both"] == {"on": 4, "no": 1, "200": 2}


@pytest.mark.parametrize(
    "text",
    [
        "!!bool yes", "!!int '12:30'", "!!int 1_0", "!!null nothing", "!!float a", "!!timestamp 2026-01-31",
        "!!set {a}",
        "!!binary YQ==", "!!python/name:os.system", "!own 1", ".inf", "-.INF", ".nan", "1e999", "{[a]: b}", "[",
    ],
)  # fmt: skip
def test_what_json_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load(f"a: {text}\n".encode())
    with pytest.raises(UnreadableError, match=r"line [12] "):
        YamlReader(f"a: {text}\n".encode()).read()


def test_json_is_read_as_json_where_yaml_would_differ() -> None:
    assert load(b'{"a":\t"\\ud83d\\ude00", "b": 1e3, "c": "no"}') == {"a": "\N{GRINNING FACE}", "b": 1000.0, "c": "no"}


CONTRACT = b"""\
openapi: 3.0.4
info: {title: t, version: '1'}
paths: {}
components:
  schemas:
    Country:
      type: object
      properties:
        no: {type: string}
        code: {type: string, enum: [NO, SE]}
        opens: {type: string, default: 12:30}
"""


def test_the_engine_and_the_gate_read_alike() -> None:
    contract, document = read(CONTRACT), Document.parse(CONTRACT)
    properties = contract.root["components"]["schemas"]["Country"]["properties"]
    assert document.root == contract.root
    assert (properties["code"]["enum"], properties["opens"]["default"]) == (["NO", "SE"], "12:30")
    place = ("components", "schemas", "Country", "properties", "no")
    assert (contract.line(place), document.line(place)) == (9, 9)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (b"a: 1\nb: {c: 1,\n  c: 2}\na: 3\n", ((3, "the key 'c'"), (4, "the key 'a'"))),
        (b'{"a": 1, "b": {"c": 1,\n"c": 2}}', ((2, "the key 'c'"),)),
        (b"base: &base {a: 1}\nall: {<<: *base, a: 2}\nboth: {<<: [*base, *base]}\n", ()),
        (b'{"a": {"b": 1}, "b": {"a": 1}}', ()),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", ()),
    ],
)
def test_a_key_that_is_given_twice_is_named(text: bytes, keys: tuple[tuple[int, str], ...]) -> None:
    document = Document.parse(text)
    found = [(document.line(hit.pointer), hit.message) for hit in UNIQUE_KEY.check(document)]
    assert sorted(found) == [(line, f"{key} is given twice, and only the last one is read") for line, key in keys]


def test_a_key_that_is_given_twice_is_found_where_no_line_can_be_read() -> None:
    too_deep_for_yaml = b'{"a": ' + b"[" * 150 + b"]" * 150 + b', "a": 1}'
    (hit,) = UNIQUE_KEY.check(Document.parse(too_deep_for_yaml))
    assert hit[:2] == ((), "an object has the same key twice, and only the last one is read")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "a contract is an object"),
        (b"[]", "a contract is an object"),
        (b"a: &a\n  b: [*a]\n", "an anchor contains itself, or it is nested too deep"),
        (b"a: 18446744073709551616", "this integer has more than 64 bits"),
        (b"a: -9223372036854775809", "this integer has more than 64 bits"),
        (b"a: " + b"1" * 5000, "this integer has more than 64 bits"),
    ],
)
def test_yaml_that_json_cannot_express_is_not_a_contract(text: bytes, reason: str) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        Document.parse(text)
    assert caught.value.problem == reason


def test_the_gate_reads_larger_integers_as_in_json() -> None:
    text = b"[18446744073709551616, -9223372036854775809, 0x10000000000000000]"
    assert YamlReader(text).read() == [2.0**64, -(2.0**63), 2.0**64]


def test_integers_of_64_bits_are_read() -> None:
    assert load(b"[18446744073709551615, -9223372036854775808]") == [2**64 - 1, -(2**63)]
