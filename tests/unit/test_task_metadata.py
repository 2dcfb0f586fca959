import pytest

from domain.errors import InvalidTogether
from domain.task_metadata import KeyNotAllowed, TooManyKeys, as_text, from_text, merge


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


@pytest.mark.parametrize("key", ["", " ", "\u2003", "x" * 41])
def test_a_key_that_is_blank_or_too_long_is_rejected(key: str) -> None:
    with pytest.raises(KeyNotAllowed):
        merge({}, {key: "value"})


def test_keys_of_forty_characters_are_accepted_whatever_their_bytes() -> None:
    assert merge({}, {"😀" * 40: ""}) == {"😀" * 40: ""}


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(InvalidTogether) as raised:
        merge({}, {**{f"{number}": "" for number in range(20)}, " ": ""})

    assert [type(each) for each in raised.value.errors] == [KeyNotAllowed, TooManyKeys]


@pytest.mark.parametrize("metadata", [{}, {"a": ""}, {"ü": '"\\\u2028'}])
def test_a_stored_text_is_read_back(metadata: dict[str, str]) -> None:
    assert from_text(as_text(metadata)) == metadata
