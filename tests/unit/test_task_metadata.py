import pytest

from domain.errors import InvalidTogether
from domain.task_metadata import KeyBlank, KeyTooLong, TooManyKeys, as_text, from_text, merge


def test_a_patch_sets_and_removes_single_keys() -> None:
    assert merge({"a": "1", "b": "2"}, {"b": None, "c": "3", "d": None}) == {"a": "1", "c": "3"}


def test_none_removes_all_keys() -> None:
    assert merge({"a": "1"}, None) == {}


def test_a_task_has_at_most_twenty_keys_after_merging() -> None:
    stored = {f"key {number}": "" for number in range(20)}

    assert merge(stored, {"key 0": "kept", "key 1": None, "another": ""}).keys() == stored.keys() - {"key 1"} | {
        "another"
    }
    with pytest.raises(TooManyKeys) as raised:
        merge(stored, {"another": ""})
    assert raised.value.pointer == "#/metadata"


@pytest.mark.parametrize("key", ["", " ", "\u2003", "\u200b"], ids=ascii)
def test_a_key_that_shows_nothing_is_blank(key: str) -> None:
    with pytest.raises(KeyBlank) as raised:
        merge({}, {key: "value"})
    assert (raised.value.code, raised.value.pointer) == ("blank", f"#/metadata/{key}")


@pytest.mark.parametrize(
    ("key", "shown"), [("~/" * 21, "~0~1" * 21), ("x" * 64, "x" * 64), ("x" * 65, f"{'x' * 64}…"), (" " * 41, " " * 41)]
)
def test_a_long_key_is_in_the_pointer_as_far_as_other_names_and_not_in_the_text(key: str, shown: str) -> None:
    with pytest.raises(KeyTooLong) as raised:
        merge({}, {key: "value"})
    assert (raised.value.code, raised.value.pointer) == ("max-length", f"#/metadata/{shown}")
    assert str(raised.value) == "A key has at most 40 characters."


def test_keys_of_forty_characters_are_accepted_whatever_their_bytes() -> None:
    assert merge({}, {"😀" * 40: ""}) == {"😀" * 40: ""}


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(InvalidTogether) as raised:
        merge({}, {**{f"{number}": "" for number in range(20)}, " ": ""})

    assert [type(each) for each in raised.value.errors] == [KeyBlank, TooManyKeys]


@pytest.mark.parametrize("metadata", [{}, {"a": ""}, {"ü": '"\\\u2028'}])
def test_a_stored_text_is_read_back(metadata: dict[str, str]) -> None:
    assert from_text(as_text(metadata)) == metadata
