"""`--fix` writes the standard responses and headers that an operation lacks, and changes nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tickbox_contract.gate.command import main
from tickbox_contract.gate.fixes import fix
from tickbox_contract.gate.reading import UnreadableError

from . import cases

CONTRACTS = [
    Path(__file__).parents[3] / "spec" / "openapi.yaml",
    Path(__file__).parents[1] / "sample" / "openapi.yaml",
    cases.HERE / "good.yaml",
]
_ERROR = re.compile(r" {8}'[345]\d\d': \{\$ref: (?!.*/TooManyStreams').*\}")
"""A reference to a response, but for one that only streams have."""
_HEADER = re.compile(r" {10}headers:| {12}[\w-]+: \{\$ref: '#/components/headers/.*\}")
each_contract = pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.parent.name)


def without_standard(text: str, *, nth: int) -> str:
    """*text*, in which every second operation has lost its references to responses and headers; *nth* is 0 or 1."""
    kept, count = [], 0
    paths, components = text.split("\ncomponents:\n")
    for line in paths.split("\n"):
        count += line.startswith("      operationId: ")
        if count % 2 == nth or not (_ERROR.fullmatch(line) or _HEADER.fullmatch(line)):
            kept.append(line)
    return "\ncomponents:\n".join(("\n".join(kept), components))


@pytest.mark.parametrize("nth", [0, 1])
def test_what_was_taken_away_is_written_again_as_it_was(nth: int) -> None:
    text = CONTRACTS[0].read_text(encoding="utf-8")
    less = without_standard(text, nth=nth)
    assert len(less.splitlines()) < len(text.splitlines()) - 400
    assert fix(less.encode()).raw.decode().splitlines() == text.splitlines()


EVERY = ("400", "401", "404", "406", "413", "500", "503")
PING = """\
openapi: 3.0.4
info: {title: t, version: '1'}
paths:
  /ping:
    get:
      responses:
        '200': {description: d, content: {text/plain: {}}}
  /pong:
    get:
      responses:
        '204': {description: d}
  /all:
    get:
      responses:
        '200': {description: d}
"""


def test_an_operation_without_anything_gets_what_any_request_may_get() -> None:
    """As docs/gate.md says: it may be malformed or fail. Only content can be unacceptable."""
    listed = "".join(f"        '{status}': {{$ref: '#/components/responses/E'}}\n" for status in EVERY)
    text = f"{PING}{listed}components:\n  responses:\n    E: {{description: d}}\n"
    notes = fix(text.encode()).notes
    assert notes == ("GET /ping: responses 400, 406, 500, 503", "GET /pong: responses 400, 500, 503")


@each_contract
def test_a_contract_that_lacks_nothing_stays_as_it_is(path: Path) -> None:
    assert fix(path.read_bytes()) == (path.read_bytes(), ())


@pytest.mark.parametrize(
    "text",
    [
        '{"openapi": "3.0.4", "info": {"title": "t", "version": "1"}, "paths": {}}',
        "openapi: 3.0.4\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: d}}}}}\n",
        "openapi: 3.0.4\ninfo: {title: t}\npaths: {}\n",
    ],
    ids=["JSON", "flow style", "not well-formed"],
)
def test_what_cannot_be_written_line_by_line_stays_as_it_is(text: str) -> None:
    assert fix(text.encode()) == (text.encode(), ())


def test_the_command_says_what_it_wrote_and_checks_the_result(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(cases.GOOD.replace("        '406': {$ref: '#/components/responses/Problem'}\n", "", 1))
    done = CliRunner().invoke(main, ["gate", "--fix", "style", "--contract", str(path)])
    assert (done.exit_code, done.stderr) == (0, "fixed check_liveness: responses 406\n")
    assert path.read_text() == cases.GOOD
    again = CliRunner().invoke(main, ["gate", "--fix", "style", "--contract", str(path)])
    assert (again.exit_code, again.stderr) == (0, "nothing was fixed: no standard response or header could be added\n")


SHORT = """openapi: 3.0.4
info: {title: t, version: '1'}
components:
  responses:
    Bad: {description: Bad.}
    Broken: {description: Broken.}
    Away: {description: Away.}
paths:
  /complete:
    get:
      operationId: complete
      responses:
        '200': {description: Good.}
        '400': {$ref: '#/components/responses/Bad'}
        '500': {$ref: '#/components/responses/Broken'}
        '503': {$ref: '#/components/responses/Away'}
"""
LACKS = "/{}:\n    get:\n      operationId: {}\n      responses:{}\n        '200': {{description: Good.}}"
WRITTEN = SHORT[SHORT.index("        '400'") :]


def test_lines_after_the_last_one_that_has_no_line_ending() -> None:
    text = f"{SHORT}  {LACKS.format('a', 'a', '')}"
    assert fix(text.encode()).raw.decode() == f"{text}\n{WRITTEN}"


def test_lines_have_the_ending_of_the_file() -> None:
    text = f"{SHORT}  {LACKS.format('a', 'a', '')}\n"
    fixed = fix(text.replace("\n", "\r\n").encode()).raw.decode()
    assert fixed == f"{text}{WRITTEN}".replace("\n", "\r\n")


SHARED = {
    "anchor": f"{SHORT}  {LACKS.format('a', 'a', ' &all')}\n"
    "@  /b:\n    get:\n      operationId: b\n      responses: *all\n",
    "reference": SHORT
    + "  /a: {$ref: '#/x-paths/~1c'}\n  /b: {$ref: '#/x-paths/~1c'}\nx-paths:\n  "
    + LACKS.format("c", "c", "")
    + "\n@",
}


@pytest.mark.parametrize("text", SHARED.values(), ids=SHARED)
def test_what_two_operations_share_is_written_once(text: str) -> None:
    fixed = fix(text.replace("@", "").encode())
    assert fixed.raw.decode() == text.replace("@", WRITTEN)
    assert len(fixed.notes) == 1


def test_a_file_that_is_not_in_utf_8_is_not_fixed() -> None:
    with pytest.raises(UnreadableError, match="UTF-8"):
        fix(SHORT.encode("utf-16"))
