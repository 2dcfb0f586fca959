"""What a team decided holds: severities, exceptions and the baseline; and what no longer holds is reported."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from tickbox_contract.gate.baselines import Baseline, BaselineError
from tickbox_contract.gate.exceptions import Decisions
from tickbox_contract.gate.findings import Excuse, Finding, Report
from tickbox_contract.gate.places import matches, stable
from tickbox_contract.gate.rule_sets import chosen
from tickbox_contract.gate.rules import RULES, run
from tickbox_contract.gate.sarif import sarif
from tickbox_contract.gate.settings import read_settings
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.rules import Stage

PETS = """\
openapi: 3.0.4
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      operationId: list_pets
      parameters:
        - {name: kind, in: query, schema: {type: string}}
        - {name: limit, in: query, schema: {type: integer}}
      responses: {'200': {description: Pets.}, '404': {description: None.}}
  /shops/{id}:
    get:
      operationId: get_shop
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, maxLength: 9}}
        - {name: name, in: query, schema: {type: string}}
      responses: {'200': {description: A shop.}, '404': {description: None.}}
security: []
"""
"""Two texts and a number in requests have no bounds."""
TODAY = date(2026, 7, 1)
OWASP = chosen(RULES, ["standard", "owasp"])


def checked(text: str = PETS, *stages: Stage) -> Report:
    return run(text.encode(), file="pets.yaml", stages=stages or ("valid", "style", "complete"), rules=OWASP)


def decided(
    folder: Path, settings: str, text: str = PETS, baseline: Baseline | None = None, stages: tuple[Stage, ...] = ()
) -> Report:
    file = folder / "gate.toml"
    file.write_text(settings, encoding="utf-8")
    read = read_settings(file, rule_ids=[rule.rule_id for rule in RULES])
    decisions = Decisions(
        settings=read, file="gate.toml", baseline=baseline, baseline_file="baseline.json", today=TODAY
    )
    return decisions.applied(checked(text, *stages))


def brief(findings: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(finding.rule.rule_id, finding.severity, finding.place) for finding in findings]


TEXTS = [
    ("bounded-texts", "error", "#/paths/~1pets/get/parameters/[query kind]/schema"),
    ("bounded-texts", "error", "#/paths/~1shops~1{id}/get/parameters/[query name]/schema"),
]
NUMBER = ("bounded-numbers", "error", "#/paths/~1pets/get/parameters/[query limit]/schema")


def test_without_decisions_all_count(tmp_path: Path) -> None:
    report = decided(tmp_path, "")
    assert brief(report.findings) == [TEXTS[0], NUMBER, TEXTS[1]]
    assert report.excused == ()
    assert report.rules == checked().rules


def test_a_rule_that_is_less_severe_does_not_fail_the_run(tmp_path: Path) -> None:
    report = decided(tmp_path, "[rules]\nbounded-texts = {severity = 'warning', reason = 'Later.'}\n")
    assert [severity for rule_id, severity, _ in brief(report.findings) if rule_id == "bounded-texts"] == 2 * [
        "warning"
    ]
    assert brief(report.errors) == [NUMBER]


def test_a_rule_that_is_switched_off_is_counted_and_no_more(tmp_path: Path) -> None:
    report = decided(tmp_path, "[rules]\nbounded-texts = {severity = 'off', reason = 'Later.'}\n")
    assert brief(report.findings) == [NUMBER]
    reasons = [finding.excuse for finding in report.excused]
    assert reasons == 2 * [Excuse(kind="ignored", reason="Later.")]


@pytest.mark.parametrize(
    "place",
    ["path = '/shops/**'", "path = '/shops/{id}'", "pointer = '/paths/~1shops*'", "pointer = '#/paths/~1shops*'",
     "pointer = '/**/parameters/1'\npath='/s**'"],
)  # fmt: skip
def test_a_rule_is_ignored_in_one_part_of_the_contract_and_holds_in_the_others(tmp_path: Path, place: str) -> None:
    report = decided(tmp_path, f"[[ignore]]\nrule = 'bounded-texts'\nreason = 'Later.'\n{place}\n")
    assert brief(report.findings) == [TEXTS[0], NUMBER]
    assert brief(report.excused) == [TEXTS[1]]


def test_a_path_is_ignored_whose_operations_are_in_another_file(tmp_path: Path) -> None:
    whole = yaml.safe_load(PETS)
    (tmp_path / "others.json").write_text(json.dumps(whole["paths"].pop("/shops/{id}")))
    whole["paths"]["/shops/{id}"] = {"$ref": "others.json"}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(whole))
    report = run(file.read_bytes(), file="openapi.json", path=file, rules=OWASP)
    found = {(finding.rule.rule_id, finding.path, finding.file) for finding in report.findings}
    assert ("bounded-texts", "/shops/{id}", "others.json") in found
    assert ("bounded-texts", "/pets", None) in found


@pytest.mark.parametrize(
    ("pointer", "is_covered"),
    [("parts/pet.yaml#/Pet/**", True), ("parts/*.yaml#/Pet", True), ("/x-files/parts~1pet.yaml/Pet/**", True),
     ("pet.yaml#/Pet", False), ("parts/pet.yaml#/Per", False), ("#/Pet", False), ("#/components/schemas/Pet", False)],
)  # fmt: skip
def test_a_place_in_another_file_is_ignored_as_messages_and_reports_name_it(
    tmp_path: Path, pointer: str, *, is_covered: bool
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "pet.yaml").write_text("Pet: {type: object, properties: {name: {type: string}}}\n")
    text = PETS.replace("schema: {type: string}}", "schema: {$ref: 'parts/pet.yaml#/Pet/properties/name'}}", 1)
    (tmp_path / "pets.yaml").write_text(text)
    settings = f"[[ignore]]\nrule = 'bounded-texts'\nreason = 'Later.'\npointer = '{pointer}'\n"
    (tmp_path / "gate.toml").write_text(settings)
    read = read_settings(tmp_path / "gate.toml", rule_ids=[rule.rule_id for rule in RULES])
    decisions = Decisions(settings=read, file="gate.toml", baseline=None, baseline_file="", today=TODAY)
    found = run(text.encode(), file="pets.yaml", path=tmp_path / "pets.yaml", stages=["style"], rules=OWASP)
    report = decisions.applied(found)
    place = "parts/pet.yaml#/Pet/properties/name"
    (result,) = (
        result
        for result in sarif(report, version="1")["runs"][0]["results"]
        if result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": place}]
    )
    assert bool(result["suppressions"]) == is_covered


def test_all_rules_are_ignored_in_one_part(tmp_path: Path) -> None:
    report = decided(tmp_path, "[[ignore]]\nrule = '*'\nreason = 'Old.'\npath = '/pets'\n")
    assert brief(report.findings) == [TEXTS[1]]


def test_an_expired_exception_no_longer_holds_and_fails_by_itself(tmp_path: Path) -> None:
    text = "\n[rules]\nbounded-texts = {severity = 'off', reason = 'Later.', until = 2026-06-30}\n"
    report = decided(tmp_path, text)
    assert brief(report.findings)[:3] == [TEXTS[0], NUMBER, TEXTS[1]]
    (own,) = report.findings[3:]
    assert (own.rule.rule_id, own.severity, own.file, own.line) == ("expired-exception", "error", "gate.toml", 3)
    assert own.message == "the exception from bounded-texts was until 2026-06-30: it no longer holds"


def test_an_exception_that_excuses_nothing_is_reported(tmp_path: Path) -> None:
    ignore = "[[ignore]]\nrule = 'bounded-texts'\nreason = 'Later.'\npath = '/pets'\n"
    report = decided(tmp_path, ignore, PETS.replace("query, schema: {type: string}", "query, schema: {type: boolean}"))
    (finding,) = (finding for finding in report.findings if finding.file == "gate.toml")
    assert (finding.rule.rule_id, finding.severity, finding.line) == ("unused-exception", "warning", 1)


@pytest.mark.parametrize(
    ("rule", "stages"),
    [("bounded-texts", ("valid",)), ("*", ("valid", "style")), ("no-totals", ("valid", "style", "complete"))],
)
def test_an_exception_from_rules_that_were_not_checked_is_not_called_unused(
    tmp_path: Path, rule: str, stages: tuple[Stage, ...]
) -> None:
    report = decided(tmp_path, f"[[ignore]]\nrule = '{rule}'\nreason = 'Later.'\npath = '/nowhere'\n", stages=stages)
    assert [finding for finding in report.findings if finding.file == "gate.toml"] == []


def test_a_rule_that_a_team_made_stricter_may_find_nothing(tmp_path: Path) -> None:
    report = decided(tmp_path, "[rules]\noperation-id = {severity = 'error', reason = 'SDKs.'}\n")
    assert [finding for finding in report.findings if finding.file == "gate.toml"] == []
    assert "operation-id" in {
        finding.rule.rule_id
        for finding in decided(
            tmp_path,
            "[rules]\noperation-id = {severity = 'error', reason = 'SDKs.'}\n",
            PETS.replace("      operationId: list_pets\n", ""),
        ).errors
    }


@pytest.mark.parametrize("text", [PETS, PETS.replace("      operationId: list_pets\n", "")])
def test_an_exception_that_gives_a_rule_the_severity_that_it_has_is_idle(tmp_path: Path, text: str) -> None:
    report = decided(tmp_path, "[rules]\noperation-id = {severity = 'warning', reason = 'Later.'}\n", text)
    (idle,) = [finding for finding in report.findings if finding.file == "gate.toml"]
    assert (idle.rule.rule_id, idle.severity, idle.line) == ("unused-exception", "warning", 2)
    assert idle.message == "the rule operation-id has the severity warning already: delete this"


def test_old_findings_stay_silent_and_new_ones_fail(tmp_path: Path) -> None:
    known = Baseline.of(checked().findings)
    new = PETS.replace(
        "      parameters:\n", "      parameters:\n        - {name: x, in: query, schema: {type: string}}\n", 1
    )
    report = decided(tmp_path, "", new, known)
    assert brief(report.findings) == [("bounded-texts", "error", "#/paths/~1pets/get/parameters/[query x]/schema")]
    assert sorted(brief(report.excused)) == sorted([*TEXTS, NUMBER])


def test_a_baseline_survives_lines_that_move_and_parameters_and_paths_that_are_reordered(tmp_path: Path) -> None:
    known = Baseline.of(checked().findings)
    lines = PETS.splitlines(keepends=True)
    head, pets, shops, tail = lines[:3], lines[3:10], lines[10:17], lines[17:]
    pets[4], pets[5] = pets[5], pets[4]
    report = decided(tmp_path, "", "".join(["# a comment\n\n", *head, *shops, *pets, *tail]), known)
    assert (report.findings, len(report.excused)) == ((), 3)


def test_a_second_finding_of_a_rule_at_a_known_place_is_new(tmp_path: Path) -> None:
    (first, *_) = checked().findings
    one = Baseline({(first.rule.rule_id, first.place): 1})
    new, old = one.divide([first, first])
    assert (len(new), len(old)) == (1, 1)


MALFORMED = PETS.replace("title: Pets", "title: Pets, titel: Pets")


def test_a_fault_of_form_is_never_in_a_baseline(tmp_path: Path) -> None:
    """As long as there is one, most rules wait: the rest of the baseline says nothing of them."""
    known = Baseline.of(checked(MALFORMED).findings)
    assert known == Baseline()
    older = Baseline({("well-formed", "#/info/titel"): 1})
    for baseline in (known, older):
        report = decided(tmp_path, "", MALFORMED, baseline)
        assert brief(report.errors) == [("well-formed", "error", "#/info/titel")]
        assert (report.excused, report.is_sound) == ((), False)


def test_an_exception_from_all_rules_is_none_from_the_form(tmp_path: Path) -> None:
    report = decided(tmp_path, "[[ignore]]\nrule = '*'\nreason = 'Later.'\npointer = '/info'\n", MALFORMED)
    assert brief(report.errors) == [("well-formed", "error", "#/info/titel")]


def test_what_is_mended_is_reported_once_for_each_rule(tmp_path: Path) -> None:
    known = Baseline.of(checked().findings)
    report = decided(tmp_path, "", PETS.replace("{type: string}", "{type: string, maxLength: 9}"), known)
    (finding,) = report.findings
    assert (finding.rule.rule_id, finding.severity, finding.file) == ("obsolete-baseline", "warning", "baseline.json")
    assert (
        finding.message
        == f"bounded-texts is mended at {TEXTS[0][2]} and 1 more: run with --write-baseline baseline.json"
    )


def test_what_an_exception_excuses_is_not_mended_in_the_baseline(tmp_path: Path) -> None:
    known = Baseline.of(checked().findings)
    report = decided(tmp_path, "[[ignore]]\nrule = 'bounded-texts'\nreason = 'x'\npath = '/**'\n", PETS, known)
    assert report.findings == ()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/shosp/**", "no path matches /shosp/**: /shops may be meant"),
        ("/petz", "no path matches /petz: /pets may be meant"),
        ("/orders/**", "no path matches /orders/**"),
        ("/pets", "the exception from bounded-numbers excuses nothing any more"),
    ],
)
def test_an_exception_for_a_path_that_does_not_exist_says_so(tmp_path: Path, path: str, said: str) -> None:
    text = PETS.replace("{type: integer}", "{type: integer, minimum: 1, maximum: 9}")
    report = decided(tmp_path, f"[[ignore]]\nrule = 'bounded-numbers'\nreason = 'x'\npath = '{path}'\n", text)
    assert [each.message for each in report.findings if each.rule.rule_id == "unused-exception"] == [said]


def test_what_is_mended_in_another_file_is_named_by_that_file(tmp_path: Path) -> None:
    known = Baseline({("bounded-texts", "#/x-files/paths~1a.yaml/get/parameters/[query a]"): 1})
    report = decided(tmp_path, "", PETS, known)
    (message,) = [each.message for each in report.findings if each.rule.rule_id == "obsolete-baseline"]
    assert message.startswith("bounded-texts is mended at paths/a.yaml#/get/parameters/[query a]: ")


def test_what_was_not_checked_is_not_called_mended(tmp_path: Path) -> None:
    known = Baseline.of(checked().findings)
    report = decided(tmp_path, "", PETS, known, stages=("valid",))
    assert report.findings == ()


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    known = Baseline.of(checked().findings)
    known.write(file)
    assert Baseline.read(file) == Baseline(dict(known.known))
    assert len(file.read_text().splitlines()) == 6 + 2 * 2 + 3  # a line for each rule and place


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"version": 2, "findings": {}}', '{"version": 1, "findings": {"a": {"#": true}}}',
     '{"version": 1, "findings": {"a": {"#": 0}}}', '{"version": 1, "findings": {"a": ["#"]}}', 99_999 * "["],
)  # fmt: skip
def test_what_is_not_a_baseline_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(BaselineError, match="not a baseline"):
        Baseline.read(file)


def test_items_of_lists_are_named_by_what_they_are() -> None:
    root = {
        "servers": [{"url": "https://a"}],
        "tags": [{"name": "pets"}],
        "a": [{"allOf": [{"$ref": "#/b"}, {"type": "object"}, {"title": "T"}]}, ["x"]],
    }
    parts = [("a", 0, "allOf", i) for i in range(3)]
    pointers = [("servers", 0, "url"), ("tags", 0), *parts, ("a", 1, 0), ("a", 9, "b")]
    assert [stable(root, pointer) for pointer in pointers] == [
        "#/servers/[https:~1~1a]/url",
        "#/tags/[pets]",
        "#/a/0/allOf/[#~1b]",
        "#/a/0/allOf/1",
        "#/a/0/allOf/[T]",
        "#/a/1/[x]",
        "#/a/9/b",
    ]


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("/v1/pets", ["/v1/pets", "/v1/pets/{id}"], ["/v1/petshops", "/v2/v1/pets"]),
        ("/v1/*/shops", ["/v1/a/shops", "/v1/{id}/shops/b"], ["/v1/a/b/shops", "/v1/shops"]),
        ("/v1/**/shops", ["/v1/a/b/shops"], ["/v1/shopping"]),
        ("/v1/**", ["/v1/a", "/v1/a/b"], ["/v1", "/v10/a"]),
        ("/v1/pet*", ["/v1/pets", "/v1/petshops/a"], ["/v1/pots"]),
        ("/v1/{id}.json", ["/v1/{id}.json"], ["/v1/{id}xjson"]),
    ],
)
def test_patterns_of_places(pattern: str, hits: list[str], misses: list[str]) -> None:
    assert [text for text in (*hits, *misses) if matches(pattern, text)] == hits


def test_our_own_contract_has_neither_exceptions_nor_a_baseline() -> None:
    root = Path(__file__).parents[3]
    assert [*root.glob("gate.toml"), *root.glob("spec/**/gate.toml"), *root.glob("spec/**/*baseline*")] == []
    assert Document.read(root / "spec" / "openapi.yaml").operations != ()
