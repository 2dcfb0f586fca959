"""Every rule finds what it is for, at its line, and nothing else does; and it lets pass what is close to it."""

from __future__ import annotations

import json
from functools import partial

import pytest

from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.findings import Report
from tickbox_contract.gate.reading import UnreadableError
from tickbox_contract.gate.rules import RULES, run
from tickbox_contract.openapi.forms import form_faults
from tickbox_contract.openapi.objects import fragment
from tickbox_contract.openapi.references import References
from tickbox_contract.openapi.rules import FILE_STAGES, STAGES, Stage

from . import cases, test_specification, test_valid
from .counting import calls_of

CASES = list(cases.read())
FAILING = [pytest.param(rule_id, change, id=rule_id) for rule_id, word, change in CASES if word == "fails"]
PASSING = [pytest.param(change, id=rule_id) for rule_id, word, change in CASES if word == "passes"]
IN_ANY_CONTRACT = {
    *(rule_id for rule_id, _, _ in (*test_valid.FAILING, *test_valid.IN_3_1)),
    *(fault.rule_id for _, fault in test_specification.FAULTS),
} - {rule_id for rule_id, _, _ in CASES}
"""Rules whose cases of both kinds are in other tests."""


def looked_at(text: str) -> Report:
    surroundings = Surroundings(
        handlers=lambda _tag, operation_id: "unhandled" not in operation_id,
        stale_models=lambda: ["models.py"] if "x-stale: true" in text else [],
        access_words={"scope": {"read", "write"}, "role": {"viewer", "editor"}},
        compare=lambda _contract: {},
    )
    return run(text.encode(), file="contract.yaml", surroundings=surroundings)


def found(text: str) -> set[tuple[str, int]]:
    return {(finding.rule.rule_id, finding.line) for finding in looked_at(text).findings}


@pytest.mark.parametrize("word", ["fails", "passes"])
def test_every_rule_has_cases_of_both_kinds(word: str) -> None:
    assert list(dict.fromkeys(rule_id for rule_id, kind, _ in CASES if kind == word)) == [
        rule.rule_id
        for rule in RULES
        if rule.stage in FILE_STAGES and rule.stage != "compatible" and rule.rule_id not in IN_ANY_CONTRACT
    ]


def test_the_good_contract_breaks_no_rule_and_leaves_none_unchecked() -> None:
    report = looked_at(cases.GOOD)
    assert (report.findings, report.skipped) == ((), ())


@pytest.mark.parametrize(("rule_id", "change"), FAILING)
def test_a_rule_alone_finds_what_breaks_it_where_it_is_broken(rule_id: str, change: cases.Change) -> None:
    also = {("resolving-ref", change.line)} if rule_id == "one-file" else set()  # the other file does not exist
    assert found(change.text) == {(rule_id, change.line), *also}


@pytest.mark.unmeasured
@pytest.mark.parametrize("change", PASSING)
def test_what_is_close_to_a_fault_passes(change: cases.Change) -> None:
    assert (found(change.text), change.line) == (set(), None)


def test_a_contract_of_any_kind_is_looked_at_to_the_end() -> None:
    report = looked_at((cases.HERE / "bad.yaml").read_text(encoding="utf-8"))
    assert report.skipped == ()
    assert len({finding.rule.rule_id for finding in report.findings}) == 44


def test_an_object_that_is_not_a_component_is_of_the_wrong_kind() -> None:
    change = cases.changed("   /v1/books/{book_id}/lend:\n     parameters:\n+      - $ref: '#/info'\n")
    report = run(change.text.encode(), file="contract.yaml", stages=["valid"])
    assert [(f.rule.rule_id, f.message) for f in report.findings] == [
        ("resolving-ref", "#/info is not one of the parameters, which this place needs")
    ]


def wide(levels: int) -> str:
    """The good contract with so many schemas, each of which has the next one twelve times among its parts."""

    def part(i: int) -> str:
        return f"{{$ref: '#/components/schemas/S{i}'}}, "

    schemas = "".join(f"    S{i}: {{anyOf: [{12 * part(i + 1)}]}}\n" for i in range(levels))
    return cases.GOOD.replace("    Health:\n", f"{schemas}    S{levels}: {{type: string}}\n    Health:\n")


def chained(levels: int) -> str:
    """The good contract with so many schemas, each of which is a part of the one before."""
    schemas = "".join(f"    S{i}: {{allOf: [{{$ref: '#/components/schemas/S{i + 1}'}}]}}\n" for i in range(levels))
    return cases.GOOD.replace("    Health:\n", f"{schemas}    S{levels}: {{type: string}}\n    Health:\n")


@pytest.mark.parametrize("text", [wide(3), chained(100)])
def test_schemas_with_many_parts_are_looked_at_as_far_as_there_is_room(text: str) -> None:
    reports: list[Report] = []
    without = calls_of(lambda: looked_at(cases.GOOD)).total()
    calls_of(lambda: reports.append(looked_at(text)), most=8 * without)
    assert reports[0].skipped == ()
    assert not [finding for finding in reports[0].findings if finding.rule.stage == "valid"]


@pytest.mark.parametrize(("text", "place"), [(wide(9), "S5"), (chained(3_000), "S2850"), (chained(200), "S50")])
def test_schemas_that_unfold_without_bound_are_refused(text: str, place: str) -> None:
    """Five billion schemas, were all unfolded; or more of them in one another than a validator can check."""
    with pytest.raises(UnreadableError) as caught:
        looked_at(text)
    assert str(caught.value) == (
        f"#/components/schemas/{place} is composed of more schemas than a contract can have: use fewer levels"
    )


@pytest.mark.parametrize("schema", ["{type: string, pattern: %s}", "{patternProperties: {? %s : {}}}"])
def test_a_pattern_that_is_too_long_to_be_compiled_is_refused(schema: str) -> None:
    def with_pattern(length: int) -> Report:
        added = f"    Long: {schema % ('a' * length)}\n    Health:\n"
        return looked_at(cases.GOOD.replace("    Health:\n", added).replace("openapi: 3.0.4", "openapi: 3.1.1"))

    assert with_pattern(100_000).rules
    with pytest.raises(UnreadableError, match="schemas/Long has a pattern of more than 100,000 characters"):
        with_pattern(100_001)


def ring(size: int, *, example: str = "") -> str:
    """So many schemas, each of which leads to the next, and the last to the first."""

    def schema(i: int) -> str:
        further = f"next: {{$ref: '#/components/schemas/S{(i + 1) % size}'}}"
        return f"    S{i}: {{type: object, properties: {{a: {{type: string}}, {further}}}{example}}}\n"

    return cases.GOOD.replace("    Health:\n", f"{''.join(map(schema, range(size)))}    Health:\n")


def valid(text: str) -> Report:
    return run(text.encode(), file="contract.yaml", stages=["valid"])


@pytest.mark.unmeasured
def test_examples_of_schemas_that_lead_to_each_other_are_all_looked_at() -> None:
    report = valid(ring(1500, example=", example: {a: 1}"))
    assert {finding.rule.rule_id for finding in report.findings} == {"fitting-example"}
    assert len(report.findings) == 1500


@pytest.mark.unmeasured
def test_examples_however_many_take_one_validator_for_requests_and_one_for_responses() -> None:
    """Each holds all that its schemas lead to, which here are all."""
    validators = "tickbox_contract.gate.examples._misfits"
    assert calls_of(partial(valid, ring(100, example=", example: {a: x}")))[validators] == 2


@pytest.mark.unmeasured
def test_twice_as_many_schemas_that_lead_to_each_other_are_twice_the_work() -> None:
    alone, some, twice = (calls_of(partial(valid, text)).total() for text in (cases.GOOD, ring(100), ring(200)))
    assert twice - alone < 2.5 * (some - alone)


def test_examples_of_a_schema_that_is_elsewhere_than_in_the_components_are_checked() -> None:
    elsewhere = "'#/paths/~1livez/get/responses/200/content/application~1json/schema'"
    change = cases.changed(
        f"-        shelf: {{$ref: '#/components/schemas/Shelf'}}\n+        shelf: {{$ref: {elsewhere}}}\n~\n"
        "-      example: {id: 019cb30a-df33-7074-8b2c-4f5a6b7c8d07, title: Emma, due_at: null, revision: 42}\n"
        "+      example: {id: 019cb30a-df33-7074-8b2c-4f5a6b7c8d07, title: Emma, revision: 42, shelf: 1}\n     Shelf:\n"
    )
    report = run(change.text.encode(), file="contract.yaml", stages=["valid"])
    assert (report.skipped, {finding.rule.rule_id for finding in report.findings}) == ((), {"fitting-example"})


def test_every_value_fits_a_schema_that_is_not_there_which_is_a_fault_itself() -> None:
    change = cases.changed("-        shelf: {$ref: '#/components/schemas/Shelf'}\n+        shelf: {$ref: 'a.yaml'}\n")
    report = run(change.text.encode(), file="contract.yaml", stages=["valid"])
    assert [finding.rule.rule_id for finding in report.findings] == ["resolving-ref"]


def test_a_wrong_example_is_found_beside_a_schema_that_does_not_compile() -> None:
    change = cases.changed(
        "-        room: {type: string, description: The room., example: A1}\n"
        "+        room: {type: string, pattern: '(?=9)', description: The room., example: 1}\n~\n"
        "-        status: {type: string, description: Always `ok`., x-extensible-enum: [ok], example: ok}\n"
        "+        status: {type: string, description: Always `ok`., x-extensible-enum: [ok], example: 1}\n"
    )
    assert {rule_id for rule_id, _ in found(change.text)} == {"servable-schema", "fitting-example"}


@pytest.mark.parametrize("stage", STAGES)
def test_without_the_form_only_the_stage_valid_goes_on_whatever_the_stage(stage: Stage) -> None:
    report = run(b"openapi: 3.0.4\ninfo: {}\n", file="contract.yaml", stages=[stage])
    assert {finding.rule.rule_id for finding in report.findings} == {"well-formed"}
    assert {rule.stage for rule in report.rules} == {"valid"}


@pytest.mark.parametrize(
    "malformed",
    [
        {"components/schemas/B": {"type": "text"}},
        {"components/schemas/B": {"required": [1]}},
        {"components/schemas/B": {"discriminator": {}}},
        {"components/schemas/B": {"discriminator": {"propertyName": 1}, "oneOf": [1]}},
        {"components/schemas/B": [1]},
        {"components/schemas/B": {"properties": {"a": 1, "b": {"items": []}}}},
        {"components/parameters": {"P": {"name": "p"}}},
        {"paths/~1b": {"get": 1}},
        {"paths/~1b": {"get": {"parameters": [1, {}], "responses": {"200": 1, "404": {}}}}},
        {"paths/~1b": {"get": {"responses": {}, "security": [1], "tags": [1], "servers": [1, {}]}}},
        {"tags": [1, {}], "servers": [1], "security": [1]},
        {"info": 1},
        {"paths/~1b": {"get": {"$ref": "#/paths/~1a~1{id}/get"}}},
        {"$ref": "#/info"},
        {"tags": [{"$ref": "#/info"}]},
        {"components/schemas/B": {"discriminator": {"propertyName": "a", "mapping": {"a": 1}}, "oneOf": []}},
    ],
)
def test_a_fault_of_form_hides_no_other_fault(malformed: dict[str, object]) -> None:
    found = test_valid.found({**malformed, "components/schemas/A": {"type": "array"}})
    assert {rule_id for rule_id, _ in found} == {"well-formed", "array-items"}


def lists(count: int, **more: object) -> bytes:
    """A contract with so many schemas that are arrays without items."""
    schemas = {f"S{i}": {"type": "array"} for i in range(count)}
    return json.dumps(test_valid.changed({"components/schemas": {"A": {}, **schemas}, **more})).encode()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_a_list_that_is_cut_says_so(count: int) -> None:
    report = run(lists(count), file="contract.json", stages=["valid"], most=2)
    messages = [finding.message for finding in report.findings]
    assert len(messages) == min(count, 3)
    assert messages[2:] == (["and more: only the first 2 are listed"] if count > 2 else [])


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_with_more_faults_of_form_than_are_listed_no_other_rule_is_checked(count: int) -> None:
    malformed: dict[str, object] = {f"paths/~1b{i}": {"get": {}} for i in range(count)}
    report = run(lists(1, **malformed), file="contract.json", stages=["valid"], most=2)
    found = [(finding.rule.rule_id, finding.message) for finding in report.findings]
    if count > 2:
        assert found[2:] == [("well-formed", "and more: only the first 2 are listed")]
        assert [rule.rule_id for rule in report.rules] == ["well-formed"]
    else:
        assert [rule_id for rule_id, _ in found] == [*["well-formed"] * count, "array-items"]
    assert not report.is_sound


@pytest.mark.parametrize("place", ["paths", "x-paths"])
def test_of_a_form_with_many_faults_only_the_first_are_looked_at(place: str) -> None:
    paths: dict[str, object] = {f"/{i}": {"get": {}} for i in range(5)}
    led_to = {f"/x{i}": {"$ref": f"#/x-paths/~1{i}"} for i in range(5)}
    base = {"openapi": "3.0.4", "info": {"title": "t", "version": "1"}, "paths": led_to, "x-paths": paths}
    root = {**base, "paths": paths} if place == "paths" else base
    faults = list(form_faults(References(root), most=3))
    assert len({pointer for pointer, *_ in faults}) == 4
    assert [message for _, message, _ in faults] == [
        *["responses: This property is required."] * 3,
        "and more: only the first 3 are listed",
    ]


def test_of_an_object_with_many_faults_of_form_only_the_first_is_listed() -> None:
    """A validator collects all errors before the first is seen, in the square of the time that one takes."""
    schemas = {"A": {"required": [1] * 30_000}, "B": {"required": [1, 2]}}
    raw = lists(1, **{"components/schemas": schemas})
    report = run(raw, file="contract.json", stages=["valid"])
    assert {(fragment(finding.pointer), finding.message) for finding in report.findings} == {
        ("#/components/schemas/A", "and more: only the first 1 are listed"),
        ("#/components/schemas/A/required", "required: The items must be unique."),
        ("#/components/schemas/B/required/0", "required/0: This must be a string. Write it in quotes."),
        ("#/components/schemas/B/required/1", "required/1: This must be a string. Write it in quotes."),
    }
    assert [rule.rule_id for rule in report.rules] == ["well-formed"]


def test_the_same_parameter_twice_in_a_list_is_a_fault_of_form() -> None:
    twice = [{"name": "a", "in": "query", "schema": {"type": "string"}}] * 2
    operation = {"parameters": twice, "responses": {"200": {"description": "d"}}}
    report = run(lists(1, **{"paths/~1b": {"get": operation}}), file="contract.json", stages=["valid"])
    assert ("well-formed", "parameters: The items must be unique.") in [
        (finding.rule.rule_id, finding.message) for finding in report.findings
    ]


def test_a_fault_of_form_in_a_response_is_not_looked_at_again() -> None:
    """The validator returns the number 200 for the name of the response, so it was not found there, and stayed."""
    wrong = {"operationId": 1, "operationRef": "x"}
    operation = {"responses": {"200": {"description": "d", "links": {"next": wrong}}}}
    report = run(lists(0, **{"paths/~1b": {"get": operation}}), file="contract.json", stages=["valid"])
    pointer = ("paths", "/b", "get", "responses", "200", "links", "next")
    assert [(finding.rule.rule_id, finding.pointer) for finding in report.findings] == [
        ("well-formed", (*pointer, "operationId")),
    ]
