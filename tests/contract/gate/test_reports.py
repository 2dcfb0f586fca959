"""The reports say what was found, where, and what could not be looked at."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Literal
from xml.etree import ElementTree as ET

import pytest

from tickbox_contract.gate import messages, reports
from tickbox_contract.gate.findings import Excuse, Report, Skipped
from tickbox_contract.gate.gitlab import code_quality
from tickbox_contract.gate.junit import junit
from tickbox_contract.gate.rule_sets import set_of
from tickbox_contract.gate.rules import RULES, run
from tickbox_contract.gate.sarif import sarif
from tickbox_contract.openapi.rules import STAGES, Stage

from . import cases

GOOD = cases.GOOD.encode()
BAD = (cases.HERE / "bad.yaml").read_bytes()
BEFORE = "      description: All of them, a page at a time. Needs the scope `read`.\n"
BROKEN = cases.GOOD.replace(f"{BEFORE}      x-access: {{scope: read}}\n", BEFORE).encode()
"""An operation needs a token, and no scope."""
LINE = cases.GOOD[: cases.GOOD.index("      operationId: list_books")].count("\n")
RULES_RUN = sum(rule.stage in {"valid", "complete"} for rule in RULES) - 2
"""Two cannot be checked here."""
MESSAGE = "list_books needs a token and has no x-access with a scope"


def checked(raw: bytes = BROKEN, *stages: Stage, file: str = "a,b.yaml") -> Report:
    return run(raw, file=file, stages=stages or ("valid", "complete"))


def test_the_table_has_a_line_for_each_finding_and_each_rule_unchecked() -> None:
    lines = [" ".join(line.split()) for line in reports.table(checked())]
    assert lines == [
        f"complete error access-rule a,b.yaml:{LINE} {MESSAGE}",
        "complete operation-handler not checked no package of handlers is named (--handlers)",
        "complete current-models not checked no models are generated from this contract",
        f"{RULES_RUN} rules over 7 operations; findings: valid 0, complete 1",
    ]


def test_the_table_is_sorted_by_stage_and_then_by_line() -> None:
    found = [line.split() for line in reports.table(checked(BAD, "valid", "style", "complete", file="f"))]
    keys = [(STAGES.index(stage), int(place[2:])) for stage, _, _, place, *_ in found[:-1] if place.startswith("f:")]
    assert keys == sorted(keys)
    assert {stage for stage, _ in keys} == {0, 1, 2}


def test_the_table_says_that_only_the_form_was_checked() -> None:
    *findings, advice, summary = reports.table(checked(b"openapi: 3.0.4\ninfo: 1\npaths: {}\n"))
    assert {finding.split()[2] for finding in findings} == {"well-formed"}
    assert advice == "the other stages are checked when the form is right"
    assert summary == "29 rules over 0 operations; findings: valid 1"


def test_the_table_of_a_contract_without_fault_is_its_summary() -> None:
    assert list(reports.table(checked(GOOD, "valid"))) == ["29 rules over 7 operations; findings: valid 0"]


def test_github_shows_a_finding_at_its_line_with_its_reason() -> None:
    finding, summary = reports.github(checked())
    assert finding.startswith(f"::error file=a%2Cb.yaml,line={LINE},title=access-rule::{MESSAGE}. ")
    assert finding.endswith("`x-access` says which scope and role it must have. (OWASP API5:2023)")
    assert summary == f"{RULES_RUN} rules over 7 operations; findings: valid 0, complete 1"


def test_github_shows_what_kept_the_run_from_a_result() -> None:
    report = replace(checked(cases.GOOD.encode(), "valid"), skipped=(Skipped(rule=RULES[0], why="100%"),))
    assert next(iter(reports.github(report))) == f"::error title={RULES[0].rule_id}::not checked: 100%25"
    assert list(reports.github(checked(b"openapi: 3.0.4\ninfo: 1\npaths: {}\n")))[-2].startswith("the other stages")


def test_junit_has_a_case_for_each_rule() -> None:
    report = checked()
    suites = ET.fromstring(junit(report))  # noqa: S314  # what was written just now
    assert [case.get("name") for case in suites.iter("testcase")] == [rule.rule_id for rule in report.rules]
    assert {suite.get("name"): suite.get("failures") for suite in suites} == {"valid": "0", "complete": "1"}
    assert [failure.text for failure in suites.iter("failure")] == [f"a,b.yaml:{LINE}: error: {MESSAGE}"]
    assert len(list(suites.iter("skipped"))) == 2


def test_what_a_terminal_xml_or_github_would_act_on_is_written_as_an_escape() -> None:
    name = "room: {type: string, description: The room., example: A1}"
    report = checked(
        cases.GOOD.replace(name, '"\\x01\\e[31m\\n::error::": {type: string, example: A1}').encode(), "complete"
    )
    (finding,) = report.findings
    assert finding.message == r"\x01\x1b[31m\n::error:: has no description"
    assert finding.message in "".join(ET.fromstring(junit(report)).itertext())  # noqa: S314  # written just now


def test_what_was_not_looked_at_in_full_has_not_passed() -> None:
    report = replace(checked(cases.GOOD.encode(), "valid"), skipped=(Skipped(rule=RULES[0], why="it was not"),))
    (deliverable,) = messages.lines(report, {})
    assert (report.findings, deliverable["content"]["test_status"]) == ((), "failed")


def test_every_report_says_that_a_rule_was_not_checked_without_which_nothing_is_a_success() -> None:
    report = checked(cases.GOOD.encode(), "valid", "complete")
    needed, advice = next(rule for rule in report.rules if rule.stage == "valid"), report.skipped[0].rule
    failed = replace(report, skipped=(*report.skipped, Skipped(rule=needed, why="it is dead")))
    (before,), (after,) = (sarif(each, version="1")["runs"][0]["invocations"] for each in (report, failed))
    assert (before["executionSuccessful"], after["executionSuccessful"]) == (True, False)
    levels = {note["associatedRule"]["id"]: note["level"] for note in after["toolExecutionNotifications"]}
    assert (levels[needed.rule_id], levels[advice.rule_id]) == ("error", "note")
    suites = ET.fromstring(junit(failed))  # noqa: S314  # written just now
    assert {suite.get("name"): suite.get("errors") for suite in suites} == {"valid": "1", "complete": "0"}
    assert [error.get("message") for error in suites.iter("error")] == ["it is dead"]
    assert len(list(suites.iter("skipped"))) == len(report.skipped)
    (issue,) = code_quality(failed)
    assert (issue["severity"], issue["description"]) == ("blocker", f"{needed.rule_id} was not checked: it is dead")
    assert code_quality(report) == []


def test_sarif_names_its_rules_and_places() -> None:
    log = json.loads(json.dumps(sarif(checked(), version="1.2.3")))
    (logged,) = log["runs"]
    driver, (result,) = logged["tool"]["driver"], logged["results"]
    assert (log["version"], driver["name"], driver["version"]) == ("2.1.0", "tickbox gate", "1.2.3")
    assert all(
        set(rule) == {"id", "shortDescription", "defaultConfiguration", "properties"} for rule in driver["rules"]
    )
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "access-rule"
    assert (result["level"], result["message"]["text"].partition(".")[0]) == ("error", MESSAGE)
    place = {"artifactLocation": {"uri": "a,b.yaml"}, "region": {"startLine": LINE}}
    assert [location["physicalLocation"] for location in result["locations"]] == [place]
    notes = logged["invocations"][0]["toolExecutionNotifications"]
    assert [note["associatedRule"]["id"] for note in notes] == ["operation-handler", "current-models"]


def excused(kind: Literal["ignored", "baseline"]) -> Report:
    """The report, with its finding not counting."""
    report = checked()
    excuse = Excuse(kind=kind, reason="Later.")
    return replace(report, findings=(), excused=tuple(replace(finding, excuse=excuse) for finding in report.findings))


def test_sarif_has_what_does_not_count_as_suppressed_and_knows_findings_again() -> None:
    (counting,), (not_counting,) = (
        sarif(report, version="1")["runs"][0]["results"] for report in (checked(), excused("baseline"))
    )
    assert (counting["suppressions"], not_counting["suppressions"]) == (
        [],
        [{"kind": "external", "justification": "Later."}],
    )
    moved = checked(b"# a line\n" + BROKEN)
    (result,) = sarif(moved, version="1")["runs"][0]["results"]
    assert result["partialFingerprints"] == counting["partialFingerprints"]
    assert result["locations"] != counting["locations"]


@pytest.mark.parametrize(("kind", "words"), [("ignored", "1 ignored"), ("baseline", "1 in the baseline")])
def test_what_does_not_count_is_counted(kind: Literal["ignored", "baseline"], words: str) -> None:
    *_, summary = reports.table(excused(kind))
    assert summary.endswith(f"complete 0; {words}")


def test_gitlab_knows_findings_again_when_lines_move() -> None:
    (issue,), (moved,) = code_quality(checked()), code_quality(checked(b"# a line\n" + BROKEN))
    assert (issue["check_name"], issue["severity"]) == ("access-rule", "critical")
    assert issue["location"] == {"path": "a,b.yaml", "lines": {"begin": LINE}}
    assert moved["location"]["lines"] == {"begin": LINE + 1}
    assert moved["fingerprint"] == issue["fingerprint"]
    fingerprints = [each["fingerprint"] for each in code_quality(checked(BAD, "style"))]
    assert len(set(fingerprints)) == len(fingerprints)


def test_the_deliverable_says_what_was_covered() -> None:
    (deliverable,) = messages.lines(checked(GOOD), {})
    assert deliverable == {
        "from": "backend",
        "to": "orchestrator",
        "type": "deliverable",
        "content": {
            "summary": f"{RULES_RUN} rules over 7 operations; findings: valid 0, complete 0",
            "test_status": "passed",
            "coverage": f"{RULES_RUN} rules over 7 operations, stages valid, complete",
        },
        "blocking": False,
    }


def test_what_somebody_must_decide_is_asked() -> None:
    deliverable, *questions = messages.lines(checked(BAD, "complete", file="bad.yaml"), {})
    assert deliverable["content"]["test_status"] == "failed"
    assert {(q["from"], q["to"], q["type"]) for q in questions} == {("backend", "architect", "clarification")}
    asked = [(q["content"]["context"], q["blocking"]) for q in questions]
    unsaid = "bad.yaml:17: POST /things does not say whether it needs a token: add `security`, or `security: []`"
    assert (unsaid, True) in asked
    assert ("bad.yaml:17: POST /things declares no error", True) in asked
    assert ("bad.yaml:47: Tree has no description", False) in asked
    assert {q["content"]["question"] for q in questions} == {question for question, _ in messages.QUESTIONS.values()}


def test_a_text_that_mentions_an_unknown_operation_leads_to_a_question() -> None:
    text = """\
        `GET /v1/books/{id}` and `POST /v1/books?now` and `HEAD /livez` are there, as is `GET` by itself;
        `DELETE /v1/shelves/{shelf_id}` and
        `OPTIONS /v2` are not. Without backticks, GET /v2 is prose.
    """
    _, *questions = messages.lines(checked(GOOD), {"notes.md": text})
    assert [(q["content"]["question"], q["content"]["context"], q["blocking"]) for q in questions] == [
        (f"{mention} is not in the contract: is the text right, or the contract?", place, True)
        for mention, place in [("DELETE /v1/shelves/{shelf_id}", "notes.md:2"), ("OPTIONS /v2", "notes.md:3")]
    ]


def test_the_list_of_rules_gives_each_its_source_and_reason() -> None:
    for rule, line in zip(RULES, reports.rule_table(RULES), strict=True):
        parts = [part.strip() for part in line.split("  ") if part]
        assert parts == [rule.rule_id, set_of(rule), rule.stage, rule.severity, rule.source, rule.reason]


def test_no_two_rules_have_one_id() -> None:
    assert len({rule.rule_id for rule in RULES}) == len(RULES)
