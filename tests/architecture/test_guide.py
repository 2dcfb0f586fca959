"""The guide for client developers agrees with the contract and the tables of problems, scopes and roles."""

from __future__ import annotations

import re
from pathlib import Path

from domain.principals import SESSION_SCOPES
from domain.roles import ROLES
from handlers import problems
from tests.support.checking import read_contract
from tickbox_contract.openapi import problems as engine_problems
from tickbox_contract.responses import ProblemType

ROOT = Path(__file__).parents[2]
CONTRACT_PATH = ROOT / "spec" / "openapi.yaml"
CONTRACT = read_contract()
GUIDE_PATH = (CONTRACT_PATH.parent / CONTRACT["externalDocs"]["url"]).resolve()
GUIDE = GUIDE_PATH.read_text(encoding="utf-8")
MAX_LINES = 12
"""Each generated client carries the contract's description in its head."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below *heading*."""
    section = GUIDE[GUIDE.index(f"\n{heading}\n") :]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table is not None
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def test_the_contract_links_to_the_guide_and_is_short_itself() -> None:
    assert GUIDE.startswith("# ")
    assert len(CONTRACT["info"]["description"].splitlines()) <= MAX_LINES


def test_the_guide_has_every_problem_with_its_status() -> None:
    engines = [value for value in vars(engine_problems).values() if isinstance(value, ProblemType)]
    known = {(kind.slug, kind.status) for kind in (*engines, *problems.TABLE.values())}
    listed = [(slug.strip("| `"), int(status)) for slug, status, _ in rows("## Problems")]
    assert set(listed) == known
    assert len(listed) == len(known)
    assert [status for _, status in listed] == sorted(status for _, status in listed)


def test_the_guide_has_every_scope_and_every_role_in_their_order() -> None:
    assert {scope.strip("| `") for scope, _ in rows("### Scopes and roles")} == set(SESSION_SCOPES)
    assert ", ".join(f"`{role}`" for role in ROLES[:-1]) + f" or `{ROLES[-1]}`" in GUIDE


def test_each_operation_that_the_guide_names_is_in_the_contract() -> None:
    named = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`", GUIDE))
    known = {(method.upper(), path) for path, item in CONTRACT["paths"].items() for method in item}
    assert named
    assert named <= known


def test_the_guide_explains_each_header_of_a_response_and_each_member_of_a_problem() -> None:
    components = CONTRACT["components"]
    operations = [operation for item in CONTRACT["paths"].values() for operation in item.values()]
    own = [response for each in operations if isinstance(each, dict) for response in each["responses"].values()]
    headers = {name for response in (*own, *components["responses"].values()) for name in response.get("headers", {})}
    assert {"ETag", "Location"} < headers
    named = {word for words in re.findall(r"`([^`]+)`", GUIDE) for word in re.split(r"[^\w-]+", words)}
    assert headers - named == set()
    assert components["schemas"]["Problem"]["properties"].keys() - named - {"title", "status"} == set()


def test_the_guide_names_each_operation_with_a_secret_and_each_current_resource() -> None:
    wanted = {
        f"`{method.upper()} {path}`"
        for path, item in CONTRACT["paths"].items()
        for method, operation in item.items()
        if path.endswith("/current") or (isinstance(operation, dict) and operation.get("x-rate-limit") == "credentials")
    }
    assert wanted > {"`DELETE /v1/sessions/current`", "`PUT /v1/users/me/email`"}
    assert {each for each in wanted if each not in GUIDE} == set()


def test_each_file_that_the_guide_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", GUIDE)
    assert links
    assert all((GUIDE_PATH.parent / link).is_file() for link in links)
