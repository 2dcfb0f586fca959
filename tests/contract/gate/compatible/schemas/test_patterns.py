from __future__ import annotations

import jsonschema_rs
import pytest

from tickbox_contract.gate.compatible.schemas.languages import shortest
from tickbox_contract.gate.compatible.schemas.patterns import (
    Automaton,
    UnsupportedPatternError,
    automaton,
    literals,
)

PATTERNS = [
    "", "a", "^a|b$", "a^b", "$a", "$^", "^(a|b){2,3}c?$", "^a{2}$", "^a{2,}$", "^a{0,2}?b*?c+?$", "x*", "^.$",
    r"[^a-c]\d", r"^\w+\s?$", r"^\D\W\S$", r"^[^\s]{1,3}$", "(^a)|b+$", "^(a$|b)", r"[\d\-]", "[a-]", "[b-d]",
    r"\x41", "\\u0062", r"\u{63}", "^$", "(?<q>a)b", "(?:a|)b", r"\.", r"\t|\n", "^[^-a]$", "\u00e9",
]  # fmt: skip
TEXTS = ["a", "b", "ab", "ba", "aab", "abc", "aac", "bac", "x", "1", "a1", "z9", "A", "é", " ", "a b", "-", "c", "cc",
         "\n", "\t", "\b", "\0", ".", "b1 ", "aa", "aaa", "bbc", "!?!"]  # fmt: skip


def matches(pattern: Automaton, text: str) -> bool:
    return shortest([pattern, *literals([text])], [], len(text), len(text), lambda _: None) is not None


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_automaton_matches_what_the_server_matches(pattern: str) -> None:
    validator = jsonschema_rs.Draft202012Validator({"pattern": pattern})
    found = automaton(pattern)
    assert {text: matches(found, text) for text in TEXTS} == {text: validator.is_valid(text) for text in TEXTS}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_automaton_matches_the_empty_text_as_the_server_does(pattern: str) -> None:
    validator = jsonschema_rs.Draft202012Validator({"pattern": pattern})
    found = shortest([automaton(pattern)], [], 0, 0, lambda _: None)
    assert (found == "") == validator.is_valid("")


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", "(?!a)", "(?i)a", r"(a)\1", r"\bword", r"\p{L}", "(a", "a)", "*a", "a**", "a{", "a{3,2}", "a{9999}", "[a",
     "[[a]]", "[a&&b]", r"[\d-x]", "[z-a]", "[]", "[^]", r"[\b]", r"\0", r"\u12", r"\ud800", r"\u{110000}", r"\01",
     "\\", "(" * 60 + ")" * 60,
     "((a{1000}){1000})", "]", "}"],
)  # fmt: skip
def test_a_pattern_that_is_not_supported_is_rejected(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        automaton(pattern)


def test_the_literals_of_no_texts_are_no_automaton() -> None:
    assert literals([]) == []


def test_the_literals_of_too_many_texts_are_left_out() -> None:
    assert literals(["a" * 30_000]) == []


def test_literals_are_the_texts_and_no_others() -> None:
    (made,) = literals(["", "ab", "ac"])
    assert [text for text in ("", "a", "ab", "ac", "abc") if shortest(
        [made, automaton(f"^{text}$")], [], 0, 9, lambda _: None
    ) is not None] == ["", "ab", "ac"]  # fmt: skip
