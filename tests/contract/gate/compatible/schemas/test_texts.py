from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tickbox_contract.gate.compatible.schemas.texts import KNOWN_FORMATS, Texts
from tickbox_contract.openapi.formats import FORMATS

VALID = {
    "uuid": ["AAAAAAAA-aaaa-0000-9999-FFFFFFFFFFFF"], "byte": ["", "YQ==", "YWI=", "YWJj+/89"],
    "ipv4": ["0.0.0.1", "255.249.199.10"], "date": ["2000-02-29", "9999-12-31", "0001-01-01"],
    "date-time": ["2000-01-01T00:00:00Z", "2000-01-01t23:59:59.123456+14:00", "1999-12-31T00:00:00-23:59"],
    "time": ["23:59:60Z", "10:00:00.5+01:00", "00:00:00z"], "email": ["a@b", '"a b"@c.de', "a+b@[127.0.0.1]"],
    "uri": ["a:", "HTTP://a/b?c#d", "urn:x:y"], "uri-reference": ["", "#a", "../b", "//c"],
    "hostname": ["a", "a-1.b", "1"], "ipv6": ["::", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8"],
    "duration": ["P1D", "P1Y2M3DT4H5M6S", "P4W"], "json-pointer": ["", "/", "/a~0/é"],
    "relative-json-pointer": ["0", "1#", "2/a"], "regex": ["", "a*"], "iri": ["a:é"], "iri-reference": ["é"],
    "uri-template": ["/{a}"], "idn-email": ["é@é"], "idn-hostname": ["é"],
}  # fmt: skip


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, formats=dict(FORMATS), validate_formats=True)


def values(texts: Texts, want: int = 1, excluded: tuple[str, ...] = ()) -> tuple[list[str], bool]:
    def fits(text: str) -> bool:
        schema = {
            "allOf": [
                {},
                *({"format": name} for name in texts.formats),
                *({"pattern": each} for each in texts.patterns),
            ],
            "not": {
                "anyOf": [{"format": name} for name in texts.not_formats]
                + [{"pattern": each} for each in texts.not_patterns]
                + [{"enum": [None]}]
            },
        }
        return validator(schema).is_valid(text) and texts.least <= len(text) <= texts.most

    return texts.values(want, list(excluded), fits, lambda _: None)


@pytest.mark.parametrize("name", sorted(KNOWN_FORMATS))
def test_the_texts_that_are_found_have_the_format(name: str) -> None:
    found, _ = values(Texts(formats=[name]), want=5)
    assert [text for text in found if not validator({"format": name}).is_valid(text)] == []
    assert found


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in VALID.items() for text in texts])
def test_a_format_is_not_proved_to_exclude_what_has_it(name: str, text: str) -> None:
    pattern = "".join(f"\\u{{{ord(character):x}}}" for character in text)
    _, is_complete = values(Texts(formats=[name], patterns=[f"^{pattern}$"]))
    assert (validator({"format": name}).is_valid(text), is_complete) == (True, False)


def test_texts_without_a_format_are_found() -> None:
    assert values(Texts(not_formats=["date"], formats=["uuid"]))[0] == ["aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"]
    assert values(Texts(not_formats=["uuid"])) == ([""], False)
    assert values(Texts(not_formats=["regex"])) == (["{"], False)


@pytest.mark.parametrize(
    "texts",
    [
        Texts(least=2, most=1),
        Texts(formats=["x"], not_formats=["x"]),
        Texts(patterns=["(?=a)"], not_patterns=["(?=a)"]),
        Texts(formats=["date"], most=9),
        Texts(formats=["uuid"], not_patterns=["-"]),
        Texts(patterns=["^a?$"], least=2),
    ],
)
def test_that_there_is_no_text_is_proved(texts: Texts) -> None:
    assert values(texts) == ([], True)


def test_no_text_remains_if_all_are_excluded() -> None:
    assert values(Texts(patterns=["^[ab]$"]), 3, ("a",)) == (["b"], True)


def test_a_text_beside_many_excluded_ones_is_longer() -> None:
    assert values(Texts(), 1, tuple(map(str, range(100)))) == (["aaa"], False)


def test_many_excluded_texts_may_leave_none() -> None:
    every = tuple("abcdefghijklmnopqrstuvwxyz")
    assert values(Texts(patterns=["^[a-z]$"]), 1, every) == ([], True)


def test_a_long_text_is_found_without_a_search() -> None:
    (text,), _ = values(Texts(least=1_000_000))
    assert len(text) == 1_000_000


def test_a_text_that_is_far_too_long_proves_nothing() -> None:
    assert values(Texts(least=10**9)) == ([], False)


def test_look_around_is_left_to_the_validator() -> None:
    texts = Texts(patterns=["^(?=a)"])
    assert texts.values(1, [], lambda text: text == " ", lambda _: None) == ([" "], False)
    assert texts.values(1, [], lambda _: False, lambda _: None) == ([], False)
