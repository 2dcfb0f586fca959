"""The statements that are sent to a database, and their plans."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import Pool

_SQLITE_STEP = re.compile(r"(SEARCH|SCAN) (?!anon_)(\w+)(?:.*INDEX (\w+))?")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement as it was sent, with its parameters as the driver got them."""

    text: str
    parameters: tuple[Any, ...]

    @property
    def touches_data(self) -> bool:
        """Whether it is not about transactions or connections."""
        return self.text.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))


@contextmanager
def overheard() -> Iterator[list[Statement]]:
    """The statements on data that are run meanwhile, on any engine."""
    heard: list[Statement] = []

    def listen(_connection: Connection, _cursor: object, text: str, parameters: Any, *_more: object) -> None:
        one = parameters[0] if isinstance(parameters, list) else parameters
        statement = Statement(text=text, parameters=tuple(one))
        if statement.touches_data:
            heard.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


@contextmanager
def connections_opened() -> Iterator[list[object]]:
    """The connections that are opened meanwhile, by any pool."""
    opened: list[object] = []

    def listen(connection: object, _entry: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", listen)
    try:
        yield opened
    finally:
        event.remove(Pool, "connect", listen)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a plan does: the indexes it reads, and the tables that it reads whole, filters, or whose rows it sorts."""

    indexes: frozenset[str]
    scanned: frozenset[str]
    filtered: frozenset[str]
    sorted: frozenset[str]
    text: str


async def plans_of(connection: AsyncConnection, statement: Statement) -> Sequence[Plan]:
    """The plan for the statement's own parameters, and, on PostgreSQL, also the generic plan."""
    if connection.dialect.name == "sqlite":
        found = await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement.text, statement.parameters)
        return [_sqlite_plan([tuple(row) for row in found])]
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    await raw.execute(f"PREPARE explained AS {statement.text}")
    arguments = ", ".join(map(_literal, statement.parameters))
    execute = f"EXECUTE explained ({arguments})" if arguments else "EXECUTE explained"
    plans = []
    for mode in ("force_custom_plan", "force_generic_plan"):
        await raw.execute(f"SET plan_cache_mode = {mode}")
        (explained,) = await raw.fetchval(f"EXPLAIN (FORMAT JSON) {execute}")
        plans.append(_postgresql_plan(explained["Plan"]))
    await raw.execute("DEALLOCATE explained")
    return plans


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _sqlite_plan(rows: Sequence[tuple[Any, ...]]) -> Plan:
    steps = [(parent, match) for _, parent, _, text in rows if (match := _SQLITE_STEP.match(text))]
    sorting = {parent for _, parent, _, text in rows if text.startswith("USE TEMP B-TREE")}
    return Plan(
        indexes=frozenset(match[3] for _, match in steps if match[3]),
        scanned=frozenset(match[2] for _, match in steps if match[1] == "SCAN"),
        filtered=frozenset(),  # SQLite does not report it
        sorted=frozenset(match[2] for parent, match in steps if parent in sorting),
        text="\n".join(text for *_, text in rows),
    )


def _postgresql_plan(root: dict[str, Any]) -> Plan:
    nodes = list(_nodes(root))
    return Plan(
        indexes=frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        scanned=frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
        filtered=frozenset(node["Relation Name"] for node in nodes if "Filter" in node and "Relation Name" in node),
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
