"""Events are described and checked like responses."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tickbox_contract.engine.events import compile_events
from tickbox_contract.engine.mismatches import ContractMismatchError
from tickbox_contract.engine.violations import NonConformingResponseError

from .test_startup import document

NAMED = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
PAYLOAD = {"description": "d", "payload": {"$ref": "#/components/schemas/Named"}}


def described(**events: Any) -> Any:
    return document({}, schemas={"Named": NAMED}, **{"x-events": events})


def test_a_payload_is_encoded_as_it_is_described() -> None:
    encode = compile_events(described(opened=PAYLOAD), known=["opened"])
    assert encode("opened", {"name": "Kew"}) == '{"name":"Kew"}'


@pytest.mark.parametrize("payload", [{}, {"name": 5}, {"name": "Kew", "secret": 1}])
def test_a_payload_that_is_not_as_described_is_held_back_and_logged(
    payload: object, caplog: pytest.LogCaptureFixture
) -> None:
    encode = compile_events(described(opened=PAYLOAD), known=["opened"])
    with pytest.raises(NonConformingResponseError):
        encode("opened", payload)
    (record,) = caplog.records
    assert (record.getMessage(), record.levelno) == ("event violates the contract", logging.ERROR)
    assert vars(record)["event_type"] == "opened"


def test_it_is_let_through_where_that_was_asked_for() -> None:
    encode = compile_events(described(opened=PAYLOAD), known=["opened"], response_check="report")
    assert encode("opened", {}) == "{}"


def test_the_application_records_what_the_contract_describes_and_nothing_else() -> None:
    broken = {"payload": {"pattern": "(?=a)"}}
    with pytest.raises(ContractMismatchError) as caught:
        compile_events(described(opened=PAYLOAD, closed={}, moved=broken), known=["opened", "moved", "sold"])
    unknown, undescribed, without_payload, uncompiled = caught.value.texts
    assert (unknown, undescribed) == (
        "x-events: the application records no 'closed'",
        "x-events: 'sold' is not described",
    )
    assert without_payload.startswith("x-events: the payload of 'closed' does not compile")
    assert uncompiled.startswith("x-events: the payload of 'moved' does not compile")


def test_a_contract_without_events_has_none() -> None:
    encode = compile_events(document({}), known=[])
    with pytest.raises(KeyError):
        encode("moved", {})


def test_a_payload_that_was_recorded_earlier_is_compared_with_the_contract_of_now() -> None:
    compiled = compile_events(described(opened=PAYLOAD), known=["opened"])
    assert compiled.fits("opened", '{"name":"Kew"}')
    assert not compiled.fits("opened", '{"name":5}')
    assert not compiled.fits("closed", '{"name":"Kew"}')
