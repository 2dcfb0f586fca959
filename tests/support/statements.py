"""The statements that are sent to a database, and their plans."""

import itertools
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import sent_statements
from persistence.sent_statements import BEGIN, COMMIT, ROLLBACK, SentStatement

_RECURSIVE = re.compile(r"WITH RECURSIVE (\w+)")
_PROBE = re.compile(r"SubPlan \d+\) IS NOT NULL")
_IN_TRASH = re.compile(
    r"(COALESCE\(+)?(\w+\.)?trash_id (IS (NOT )?NULL|= (\$\d+|'[0-9a-f-]+'::uuid|tasks\.trash_id))(\), false)?"
)
_ROWS = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
_SQLITE_STEP = re.compile(r"(SEARCH|SCAN|BLOOM FILTER ON) (?!anon_)(\w+)(?:.*INDEX (\w+))?")


class _Listener(logging.Handler):
    def __init__(self, hear: Callable[[SentStatement], None]) -> None:
        super().__init__()
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.args, tuple)
        (sent,) = record.args
        assert isinstance(sent, SentStatement)
        self._hear(sent)


@contextmanager
def _listening(hear: Callable[[SentStatement], None]) -> Iterator[None]:
    """Call *hear* with each statement that any database of this process logs, before it is sent."""
    logger = logging.getLogger(sent_statements.__name__)
    listener, level, propagates = _Listener(hear), logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.propagate = propagates


@contextmanager
def overheard() -> Iterator[list[SentStatement]]:
    """The statements that are sent meanwhile, without BEGIN, COMMIT and ROLLBACK."""
    heard: list[SentStatement] = []
    with _listening(lambda sent: None if sent.text in {BEGIN, COMMIT, ROLLBACK} else heard.append(sent)):
        yield heard


@contextmanager
def awaited(beginning: str) -> Iterator[threading.Event]:
    """An event that is set as soon as a statement is sent that begins like this."""
    said = threading.Event()
    with _listening(lambda sent: said.set() if sent.text.startswith(beginning) else None):
        yield said


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a plan does: the indexes it reads, and the tables that it reads whole, filters, or whose rows it sorts."""

    indexes: frozenset[str]
    scanned: frozenset[str]
    filtered: frozenset[str]
    sorted: frozenset[str]
    text: str


async def plans_of(connection: AsyncConnection, statement: SentStatement) -> Sequence[Plan]:
    """The plan for the statement's own parameters, and, on PostgreSQL, also the generic plan."""
    if connection.dialect.name == "sqlite":
        found = await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement.text, statement.values)
        recursive = frozenset(_RECURSIVE.findall(statement.text))
        return [_sqlite_plan([tuple(row) for row in found], recursive)]
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    await raw.execute(f"PREPARE explained AS {statement.text}")
    arguments = ", ".join(map(_literal, statement.values))
    execute = f"EXECUTE explained ({arguments})" if arguments else "EXECUTE explained"
    plans = []
    for mode in ("force_custom_plan", "force_generic_plan"):
        await raw.execute(f"SET plan_cache_mode = {mode}")
        (explained,) = await raw.fetchval(f"EXPLAIN (FORMAT JSON) {execute}")
        plans.append(_postgresql_plan(explained["Plan"]))
    await raw.execute("DEALLOCATE explained")
    return plans


async def rows_read(connection: AsyncConnection, statement: SentStatement) -> int:
    """How many rows a statement reads from tables; on SQLite, how many steps its virtual machine takes.

    SQLite does not count rows. Reading one takes at least a step.
    """
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    if connection.dialect.name == "sqlite":
        await raw.execute_fetchall(statement.text, statement.values)  # it reads the schema before its first one
        steps = itertools.count()
        await raw.set_progress_handler(lambda: next(steps) < 0, 1)
        await raw.execute_fetchall(statement.text, statement.values)
        await raw.set_progress_handler(None, 0)
        return next(steps)
    analyze = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.text}"
    (explained,) = await raw.fetchval(analyze, *statement.values)
    of_tables = [node for node in _nodes(explained["Plan"]) if "Relation Name" in node]
    return sum(sum(node.get(name, 0) for name in _ROWS) * node["Actual Loops"] for node in of_tables)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _sqlite_plan(rows: Sequence[tuple[Any, ...]], recursive: frozenset[str]) -> Plan:
    """*recursive* are the names of what the statement itself finds, and reads whole."""
    steps = [(parent, match) for _, parent, _, text in rows if (match := _SQLITE_STEP.match(text))]
    sorting = {parent for _, parent, _, text in rows if text.startswith("USE TEMP B-TREE")}
    return Plan(
        indexes=frozenset(match[3] for _, match in steps if match[3]),
        scanned=frozenset(match[2] for _, match in steps if match[1] != "SEARCH") - recursive,  # also for a filter
        filtered=frozenset(),  # SQLite does not report it
        sorted=frozenset(match[2] for parent, match in steps if parent in sorting),
        text="\n".join(text for *_, text in rows),
    )


def _is_probe(node: dict[str, Any]) -> bool:
    """Whether a filter only looks for one row in another table, or where in the trash the one row of a key is."""
    of_one = str(node.get("Index Name", "")).startswith(("pk_", "uq_"))
    parts = [part.strip("()") for part in str(node["Filter"]).split(" AND ")]
    return all(_PROBE.fullmatch(part) or (of_one and _IN_TRASH.fullmatch(part)) for part in parts)


def _postgresql_plan(root: dict[str, Any]) -> Plan:
    nodes = list(_nodes(root))
    return Plan(
        indexes=frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        scanned=frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
        filtered=frozenset(
            node["Relation Name"]
            for node in nodes
            if "Relation Name" in node and "Filter" in node and not _is_probe(node)
        ),
        sorted=frozenset(
            below["Relation Name"]
            for node in nodes
            if "Sort" in node["Node Type"]
            for below in _nodes(node)
            if "Relation Name" in below
        ),
        text="\n".join(f"{node['Node Type']} {node.get('Index Name', '')} {node.get('Filter', '')}" for node in nodes),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)
