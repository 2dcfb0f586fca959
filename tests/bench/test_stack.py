"""What `bench.stack` compares and computes. The times that it measures are not tested."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

from bench import load, tickbox
from bench.databases import KINDS, Database, opened
from bench.load import Request, Running, Server, Variety
from bench.ratios import Ratio, ratio
from bench.stack import plots, race, requests
from bench.stack.fairness import percentile
from bench.stack.requests import TICKBOX, TWINS, Scene, differences

TASK = {"id": "0190a5f0-0000-7000-8004-000000000007", "title": "Sow", "revision": 3, "due": {"time": None}}

pytestmark = pytest.mark.unmeasured


@dataclass(frozen=True, slots=True)
class Stage:
    """Tickbox on a database with rows, before there are twins."""

    database: Database
    ours: Running
    scene: Scene


@pytest.fixture(scope="module", params=KINDS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with opened(request.param) as database, tickbox.serving(database) as ours:
        yield Stage(database, ours, race.prepare(database, ours, tasks=requests.SEEN_TASKS, written=2))


def test_tickbox_continues_after_the_rows_that_the_database_created(stage: Stage) -> None:
    requests.check({TICKBOX: stage.ours}, stage.scene)
    status, _, task = load.response(stage.ours, stage.scene.request("create"))
    assert status == 201
    assert task["revision"] > stage.scene.tasks
    assert task["position"] > f"f{stage.scene.tasks - 1:06}"


@pytest.mark.parametrize("stage", ["postgresql"], indirect=True)
def test_a_twin_that_responds_otherwise_is_not_measured(stage: Stage) -> None:
    twins = [TWINS["postgresql"]["starlette"], Server("liar", "tests.bench.liar:build")]
    with load.running(twins, database_url=stage.database.url, database_pid=stage.database.pid) as others:
        servers = {TICKBOX: stage.ours, **others}
        with pytest.raises(SystemExit, match="liar and Tickbox differ in get: priority is 'low'"):
            requests.check(servers, stage.scene)
        del servers["liar"]
        requests.check(servers, stage.scene)


def test_a_ratio_is_the_median_of_those_of_each_round() -> None:
    """The ratio of the medians would be 2.0."""
    assert ratio([2.0, 4.0, 30.0], [1.0, 8.0, 2.0]) == Ratio(2.0, 0.5, 15.0)
    assert ratio([2.0, 4.0, 30.0], [4.0, 2.0, 1.0]).median == 2.0


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile(range(1, 101), percent) for percent in (50, 99, 100)] == [50, 99, 100]
    assert percentile([3.0], 99) == 3.0
    assert percentile([5.0, 1.0, 3.0], 50) == 3.0


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        ((500, {"title": "Oh"}), "status 500"),
        ((200, TASK | {"title": "Reap"}), "title is 'Reap'"),
        ((200, TASK | {"due": {"time": "00:00"}}), "due is"),
        ((200, TASK | {"id": "7"}), "id is '7'"),
        ((200, TASK | {"revision": None}), "revision is None"),
        ((200, TASK | {"etag": 1}), "members ['etag']"),
        ((200, {name: value for name, value in TASK.items() if name != "due"}), "members ['due']"),
    ],
)
def test_responses_differ_in(found: tuple[int, object], difference: str) -> None:
    own = frozenset({"id", "revision"})
    (only,) = differences((200, TASK), found, own=own)
    assert only.startswith(difference)
    assert differences((200, TASK), (200, TASK | {"revision": 4}), own=own) == []


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        ({"requests": 9, "errors": 1, "repeated": 0}, "1 errors from GET /"),
        ({"requests": 9, "errors": 0, "repeated": 2}, "2 requests too many"),
        ({"requests": 0, "errors": 0, "repeated": 0}, "no response at all"),
    ],
)
def test_a_run_is_not_counted_after(totals: dict[str, int], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        load.require_success(totals, Request("GET", "/"))
    load.require_success({"requests": 9, "errors": 0, "repeated": 0}, Request("GET", "/"))


def test_no_task_is_completed_in_the_warm_up_and_again() -> None:
    warm_up, main = Variety(targets=tuple("abcdefghij"), once=True).split(0.2)
    assert (warm_up.targets, main.targets) == (("a", "b"), tuple("cdefghij"))
    again = Variety(targets=("a", "b"))
    assert again.split(0.2) == (again, again)


def test_the_plots_show_every_ratio_and_every_size() -> None:
    one = {"median": 4.56, "lowest": 4.0, "highest": 5.0}
    bars = ET.fromstring(plots.ratios({"sqlite": {"ratios": {"by clock": {"fastapi": {"get": one}}}}}))  # noqa: S314 -- ours
    assert {"4.56", "fastapi", "get"} <= {text.text for text in bars.findall("{*}text")}
    sizes = {name: {"p50_us": 900, "p99_us": 2000} for name in ("10 tasks", "1,000 tasks", "9 x 9 tasks")}
    lines = ET.fromstring(plots.growth({"postgresql": {"list": sizes}}))  # noqa: S314 -- ours
    assert {*sizes, "list"} <= {text.text for text in lines.findall("{*}text")}
