"""A finding has the line where a person would look, and a file that is no contract is refused before it does harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tickbox_contract.gate.reading import UnreadableError, read
from tickbox_contract.gate.rules import run
from tickbox_contract.gate.texts import MAX_BYTES
from tickbox_contract.gate.yaml_texts import YamlReader
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.objects import Pointer

YAML = b"""\
openapi: 3.0.4
base: &base
  shared: 1
list:
  - one
  - key: {inner: 2}
  - {}
  - {inner: {}}
merged:
  <<: *base
  own: 3
both:
  <<: [{first: 4}, *base]
again: 5
again: 6
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ((), 1),
        (("openapi",), 1),
        (("list", 2, "inner"), 7),
        (("list", 3, "inner"), 8),
        (("list",), 4),
        (("list", 1), 6),
        (("list", 1, "key", "inner"), 6),
        (("merged", "own"), 11),
        (("merged", "shared"), 3),
        (("both", "first"), 13),
        (("both", "shared"), 3),
        (("both", "nowhere"), 12),
        (("again",), 15),
        (("list", 7), 4),
        (("list", "key"), 4),
        (("openapi", "deeper"), 1),
        (("nowhere",), 1),
    ],
)
@pytest.mark.parametrize("reader", [read, Document.parse])
def test_a_pointer_leads_to_the_line_of_its_last_step_that_is_there(
    reader: Callable[[bytes], Document], pointer: Pointer, line: int
) -> None:
    assert reader(YAML).line(pointer) == line


def test_lines_of_merged_objects_that_are_nowhere_else_are_not_mixed_up() -> None:
    """Such an object is freed when it is merged, and the next one may have its identity."""
    contract = read(
        b"openapi: 3.0.4\n" + b"".join(b"m%d:\n  <<: [{a: 1}, {c%d: 1}]\n  b: 2\n" % (i, i) for i in range(50))
    )
    lines = [[contract.line((f"m{i}", key)) for key in ("a", f"c{i}", "b")] for i in range(50)]
    assert lines == [[3 + 3 * i, 3 + 3 * i, 4 + 3 * i] for i in range(50)]


@pytest.mark.parametrize("reader", [read, Document.parse])
def test_of_a_repeated_key_the_last_one_has_the_line_and_what_is_in_it(reader: Callable[[bytes], Document]) -> None:
    contract = reader(b"openapi: 3.0.4\na: {x: 1}\nb: 1\na:\n  y: 1\nc: 1\nc: 2\nb: [1,\n  2]\nd: 1\n")
    pointers: list[Pointer] = [("a",), ("a", "y"), ("b",), ("b", 1), ("c",), ("d",)]
    assert [contract.line(pointer) for pointer in pointers] == [4, 5, 8, 9, 7, 10]


@pytest.mark.parametrize("reader", [read, Document.parse])
def test_a_repeated_key_is_reported_once_also_behind_an_alias(reader: Callable[[bytes], Document]) -> None:
    places = reader(b"openapi: 3.0.4\na: &a\n  x: 1\n  x: 2\nb: *a\nc: [{y: 1, y: 2, y: 3}]\n").places
    assert places is not None
    assert set(places.repeated_keys()) in ({("a", "x"), ("c", 0, "y")}, {("b", "x"), ("c", 0, "y")})


JSON = b"""{"openapi": "3.0.4",
"list": [1, "]",
  [{}, {"a": {"b": [
   3, "{", 4,
   5]}}]],
"e\\u0041": {"]": "}",
  "x": null}, "y": [],
"last": true}
"""


@pytest.mark.parametrize("reader", [read, Document.parse])
@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ((), 1),
        (("list", 1), 2),
        (("list", 2), 3),
        (("list", 2, 1, "a", "b", 1), 4),
        (("list", 2, 1, "a", "b", 3), 5),
        (("list", 2, 1, "a", "b", 4), 3),
        (("eA",), 6),
        (("eA", "x"), 7),
        (("eA", "x", "deeper"), 7),
        (("eA", "nowhere"), 6),
        (("y", 0), 7),
        (("last",), 8),
    ],
)
def test_json_has_the_same_lines_as_text_and_as_yaml(
    reader: Callable[[bytes], Document], pointer: Pointer, line: int
) -> None:
    assert reader(JSON).line(pointer) == line


def test_keys_that_are_repeated_in_json_are_found_where_they_are() -> None:
    text = b'{"openapi": "3.0.4", "a": [1, {"b": 1}], "c": [[], {"d": {}, "e": ",", "d": [2]}], "a": {"c": {}}}'
    places = read(text).places
    assert places is not None
    assert list(places.repeated_keys()) == [("c", 1, "d"), ("a",)]


def test_an_alias_can_be_a_key_if_it_is_a_text() -> None:
    contract = read(b"openapi: 3.0.4\na: &k text\n*k : 1\n")
    assert (contract.root["text"], contract.line(("text",))) == (1, 3)


def test_json_has_lines_too_with_tabs_and_with_what_yaml_cannot_escape() -> None:
    contract = read(b'{\n\t"openapi": "3.0.4",\n\t"info": {\n\t\t"title": "\\ud83d\\ude00"}}')
    assert (contract.root["info"]["title"], contract.line(("info", "title"))) == ("\N{GRINNING FACE}", 4)


LAUGHS = b"openapi: 3.0.4\na0: &a0 [1, 2]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 12)
)
STAIRS = b"openapi: 3.0.4\na0: &a0 {x: 1}\n" + b"".join(b"a%d: &a%d {x: *a%d}\n" % (i, i, i - 1) for i in range(1, 200))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "this is not an OpenAPI contract: it has no `openapi: 3.0.4` or other version"),
        (b"- openapi\n", "this is not an OpenAPI contract: it has no `openapi: 3.0.4` or other version"),
        (b"openapi: 3.0\n", "the version 3.0 has three numbers: write `openapi: 3.0.4`"),
        (b"openapi: 3.2.0\n", "the gate reads OpenAPI 3.0 and 3.1, and this file has another version 3.2.0"),
        (b"swagger: '2.0'\n", "this is Swagger 2.0: the gate reads OpenAPI 3.0 and 3.1"),
        (b"a:\n  - b: [\n", "line 3 is not valid YAML: did not find expected node content"),
        (b"\xff", "this is not YAML in UTF-8"),
        (b"\xff\xfeo\0p\0", "this is not a text in UTF-8: save it as UTF-8"),
        ("openapi: 3.0.4".encode("utf-16-be"), "this is not a text in UTF-8: save it as UTF-8"),
        (b"\0\1\2\3", "this is not a text in UTF-8: save it as UTF-8"),
        (b"a: b\0c", "this is not YAML in UTF-8"),
        (b"a text, and nothing else", "this is not an OpenAPI contract: it has no `openapi: 3.0.4` or other version"),
        (b"a:\n\tb: 1\n", "line 2 is not valid YAML: found character that cannot start any token"),
        (b"a: 1\n---\nb: 1\n", "line 2 begins a second document: write one in a file"),
        (b"a: *b\n", "line 1 is not valid YAML: it refers to an anchor that is not there"),
        (b"a:\n  <<: 1\n", "line 2 merges what is not an object"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "this is nested too deep"),
        (b"openapi: 3.0.4\nx: " + b"1" * 5000, "line 2 has a number that JSON does not have: use another one"),
        (b"[" * 100_000, "line 1 is not valid YAML: it is nested too deep"),
        (b"a: &a\n  b: *a\n", "line 1 has an anchor that contains itself: write it out"),
        (b"a: !!set {x}\n", "line 1 has the YAML tag tag:yaml.org,2002:set, which JSON does not have: use another one"),
        (b"a: b\n? [c]\n: d\n", "line 2 has a key that is not a text: use a text"),
        (b"a: &k [1]\n*k : 1\n", "line 2 has a key that is not a text: use a text"),
        (b"a: .nan\n", "line 1 has a number that JSON does not have: use another one"),
        (b"a: 1\nb: -.INF\n", "line 2 has a number that JSON does not have: use another one"),
        (b"a: 1.0e+999\n", "line 1 has a number that JSON does not have: use another one"),
        (b"a: [" + b"1, " * 100_001 + b"]", "line 1 is in an object or list of more than 100,000: divide it"),
        (
            b"".join(b"%d: 1\n" % i for i in range(100_001)),
            "line 100001 is in an object or list of more than 100,000: divide it",
        ),
        (b'{"a": [' + b"1, " * 100_000 + b"1]}", "this has an object or list of more than 100,000: divide it"),
        (LAUGHS, "line 9 unfolds to more than a contract can have: write its anchors out"),
        (STAIRS, "line 101 unfolds to more than a contract can have: write its anchors out"),
    ],
)
def test_a_file_that_is_not_a_contract_is_refused_in_one_line(raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(raw)
    assert str(caught.value) == reason


def test_what_looks_like_many_nodes_in_a_text_of_json_is_not_counted() -> None:
    text = b'{"openapi": "3.0.4", "x-a": "\\"' + b"{,:[" * 1_000_000 + b'"}'
    assert len(read(text).root["x-a"]) == 4_000_001


@pytest.mark.parametrize("raw", [b"a: 1\nb: 2\nc: 3\n", b"[1, [], 2, 3, 4]", b"- &x 1\n- *x\n- *x\n- *x\n- *x\n"])
def test_a_file_with_more_nodes_than_a_contract_can_have_is_refused(raw: bytes) -> None:
    assert YamlReader(raw, most_nodes=20).read()
    with pytest.raises(UnreadableError, match=r"line \d is more than a contract can have"):
        YamlReader(raw, most_nodes=7).read()


@pytest.mark.parametrize(
    "raw", [b"openapi: 3.0.4\n" + b"a: 1\n" * 20_000, b'{"openapi":"3.0.4"' + b',"a":1' * 20_000 + b"}"]
)
def test_a_key_that_is_repeated_without_end_is_reported_in_bounded_room(raw: bytes) -> None:
    report = run(raw, file="contract", stages=["valid"])
    messages = [finding.message for finding in report.findings if finding.rule.rule_id == "unique-key"]
    assert sorted(messages) == [
        "and more: only the first 10,000 are listed",
        "the key 'a' is given twice, and only the last one is read",
    ]


def test_a_file_that_is_larger_than_any_contract_is_not_looked_at() -> None:
    with pytest.raises(UnreadableError, match="this file has more than 32 MiB"):
        read(bytes(MAX_BYTES + 1))
