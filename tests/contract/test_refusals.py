"""`x-problems`: an operation sends the problems that it lists, and no other of the application's."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.server import serving
from tickbox_contract.engine.mismatches import ContractMismatchError
from tickbox_contract.engine.operations import CompiledOperation, compile_operations
from tickbox_contract.engine.protocol import bounded_protocol
from tickbox_contract.engine.violations import ResponseCheck
from tickbox_contract.openapi.document import Document

from .conftest import Sample
from .sample import handlers
from .sample.application import BODY_LIMIT_BYTES, CONTRACT, NAME_TAKEN, RESTING, URN_PREFIX, VOCABULARY, build
from .sample.handlers.stations import LATER
from .sample.store import Store

KNOWN = (NAME_TAKEN, LATER, RESTING)


def listing(*slugs: str, **changes: Any) -> Document:
    """The sample's document, in which `create_station` lists *slugs*."""
    root = copy.deepcopy(Document.read(CONTRACT).root)
    root["paths"]["/stations"]["post"] |= {"x-problems": list(slugs)} | changes
    return Document.parse(json.dumps(root).encode())


def compiled(document: Document) -> dict[str, CompiledOperation]:
    vocabulary = dataclasses.replace(
        VOCABULARY, problems=KNOWN, common_problems=[RESTING], new_problem="add it to `problems`"
    )
    return compile_operations(document, handlers, vocabulary=vocabulary, body_limit_bytes=BODY_LIMIT_BYTES)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"x-problems": "name-taken"}, "x-problems must be a list of problem types"),
        ({"x-problems": ["name-taken", 409]}, "x-problems must be a list of problem types"),
        ({"x-problems": ["nope"]}, "x-problems names the unknown problem 'nope': add it to `problems`"),
        ({"x-problems": ["later", "later"]}, "x-problems names 'later' more than once"),
        ({"x-problems": ["resting"]}, "x-problems names 'resting', which any operation may send"),
        ({"x-problems": ["invalid-body"]}, "x-problems names 'invalid-body', which the engine sends by itself"),
        ({"x-problems": ["id-taken"]}, "x-problems names 'id-taken', which the engine sends by itself"),
    ],
)
def test_a_list_that_does_not_fit_is_refused_at_start_up(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ContractMismatchError) as caught:
        compiled(listing(**changes))
    assert caught.value.texts == (f"create_station: {sentence}",)


def test_a_problem_whose_status_is_not_declared_is_refused_at_start_up() -> None:
    root = copy.deepcopy(Document.read(CONTRACT).root)
    root["paths"]["/stations"]["get"]["x-problems"] = ["later"]
    with pytest.raises(ContractMismatchError) as caught:
        compiled(Document.parse(json.dumps(root).encode()))
    sentence = "list_stations: x-problems names 'later', and the response 409 is not declared as a problem"
    assert caught.value.texts == (sentence,)


def test_what_any_operation_may_send_is_declared_everywhere() -> None:
    vocabulary = dataclasses.replace(VOCABULARY, problems=KNOWN, common_problems=[LATER])
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(listing(), handlers, vocabulary=vocabulary, body_limit_bytes=BODY_LIMIT_BYTES)
    assert "list_stations: the response 409 is not declared as application/problem+json" in caught.value.texts


def test_an_operation_may_send_what_it_lists_what_any_may_and_what_the_engine_does() -> None:
    operations = compiled(listing("name-taken"))
    basic = frozenset({"malformed-request", "invalid-parameters", "not-acceptable", "internal-error", "resting"})
    assert operations["check_liveness"].problems == basic
    body = basic | {"content-too-large", "unsupported-media-type", "invalid-body"}
    guarded = body | {"unauthenticated", "insufficient-scope", "idempotency-key-reused"}
    listed = {"id-taken", "precondition-failed", "name-taken"}
    assert operations["create_station"].problems == guarded | listed
    assert operations["update_station"].problems == guarded | {"insufficient-role", "not-found", "precondition-failed"}


def run(store: Store, document: Document, response_check: ResponseCheck = "enforce") -> Any:
    application = build(
        store, document=document, problems=KNOWN, common_problems=[RESTING], response_check=response_check
    )
    return serving(application, protocol=bounded_protocol(URN_PREFIX))


@pytest.fixture(scope="module")
def listed() -> Iterator[Sample]:
    """The sample, in which `create_station` lists `name-taken` and not `later`, which it may return as well."""
    store = Store()
    with run(store, listing("name-taken")) as address:
        yield Sample(address, store)


def refused(sample: Sample, name: str) -> str | None:
    return sample.post_json("/stations", json.dumps({"name": name}).encode()).slug


def test_a_listed_problem_is_sent(listed: Sample) -> None:
    listed.post_json("/stations", b'{"name": "Kew"}')
    assert refused(listed, "Kew") == "name-taken"


def test_a_problem_that_is_not_listed_is_a_500_that_leaves_no_trace(
    listed: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    listed.store.log.clear()
    assert refused(listed, "Later") == "internal-error"
    assert listed.store.log == ["opened", "rolled back"]
    violations = [vars(record).get("violation") for record in caplog.records if record.levelno == logging.ERROR]
    assert violations == ["the problem later is not one that this operation may send"]


def test_a_raised_problem_that_is_not_listed_is_a_500(listed: Sample) -> None:
    assert listed.call("POST", "/answers/raised-problem").slug == "internal-error"


def test_a_problem_that_any_operation_may_send_is_sent(listed: Sample) -> None:
    assert listed.call("POST", "/answers/raised-server-problem").slug == "resting"


def test_report_lets_a_problem_pass_that_is_not_listed() -> None:
    store = Store()
    with run(store, listing("name-taken"), "report") as address:
        assert refused(Sample(address, store), "Later") == "later"


def test_without_problem_types_of_the_application_s_any_is_sent(server: Sample) -> None:
    assert refused(server, "Later") == "later"
