"""What makes two requests the same one, where a socket would be roundabout."""

from typing import Any

import pytest

from tickbox_contract.engine.idempotency import digest_of

REQUEST: dict[str, Any] = {
    "operation_id": "create",
    "path": {"place": "a", "thing": "b"},
    "query": b"draft=true",
    "content": {"n": 1, "m": [1, 2]},
}


@pytest.mark.parametrize(
    "other",
    [
        {"operation_id": "update"},
        {"path": {"place": "a", "thing": "c"}},
        {"path": {"place": "b", "thing": "a"}},
        {"path": {"place": "ab", "thing": ""}},
        {"query": b"draft=false"},
        {"query": b""},
        {"content": {"n": 1, "m": [2, 1]}},
        {"content": {"n": 1}},
        {"content": None},
    ],
    ids=str,
)
def test_a_request_that_differs_in_any_part_is_another_request(other: dict[str, Any]) -> None:
    assert digest_of(**REQUEST | other) != digest_of(**REQUEST)


def test_bytes_are_not_the_json_that_they_spell() -> None:
    assert digest_of(**REQUEST | {"content": b'{"n":1}'}) != digest_of(**REQUEST | {"content": {"n": 1}})
    assert digest_of(**REQUEST | {"content": b"one"}) != digest_of(**REQUEST | {"content": b"two"})


def test_the_order_of_names_at_any_depth_does_not_make_another_request() -> None:
    one, other = {"a": {"b": 1, "c": 2}, "d": 3}, {"d": 3, "a": {"c": 2, "b": 1}}
    assert digest_of(**REQUEST | {"content": one}) == digest_of(**REQUEST | {"content": other})
