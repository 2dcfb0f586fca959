from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Constraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from persistence.repositories import metadata

TABLES = list(metadata.tables.values())
ACCOUNT_TABLES = {
    *("users", "identities", "sessions", "access_tokens", "refresh_tokens", "personal_tokens", "account_events"),
    *("one_time_tokens", "outbox", "mail_pauses", "departures", "fired_reminders"),
}
SPACE_TABLES = {"client_ids", "idempotency_keys"}
"""The tables of a workspace or an account, whose keys begin with the id of either."""
WORKSPACE_TABLES = [table for table in TABLES if table.name not in ACCOUNT_TABLES | SPACE_TABLES | {"workspaces"}]
PREFIXES = {
    "PrimaryKeyConstraint": "pk_",
    "ForeignKeyConstraint": "fk_",
    "UniqueConstraint": "uq_",
    "CheckConstraint": "ck_",
}


def by_name(table: Table) -> str:
    return table.name


def named_things() -> Iterator[tuple[Table, Constraint | Index, str]]:
    for table in TABLES:
        for constraint in table.constraints:
            yield table, constraint, PREFIXES[type(constraint).__name__]
        for index in table.indexes:
            yield table, index, "uq_" if index.unique else "ix_"


def test_every_constraint_and_index_has_a_name_with_its_kind_and_table() -> None:
    wrong = [
        thing.name for table, thing, prefix in named_things() if not str(thing.name).startswith(prefix + table.name)
    ]

    assert wrong == []


def test_every_name_is_used_once() -> None:
    names = [str(thing.name) for _, thing, _ in named_things()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("table", WORKSPACE_TABLES, ids=by_name)
def test_the_keys_of_workspace_data_begin_with_the_workspace(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "workspace_id"
    for key in table.foreign_key_constraints:
        assert key.column_keys[0] == "workspace_id"
        assert key.elements[0].target_fullname in {"workspaces.id", f"{key.referred_table.name}.workspace_id"}


@pytest.mark.parametrize("name", sorted(SPACE_TABLES))
def test_the_keys_of_a_space_s_data_begin_with_the_space_and_have_no_foreign_key(name: str) -> None:
    table = metadata.tables[name]
    assert next(iter(table.primary_key.columns)).name == "space_id"
    assert not table.foreign_key_constraints


@pytest.mark.parametrize("table", WORKSPACE_TABLES, ids=by_name)
def test_no_foreign_key_leads_from_a_workspace_to_an_account(table: Table) -> None:
    assert not {key.referred_table.name for key in table.foreign_key_constraints} & ACCOUNT_TABLES


@pytest.mark.parametrize("table", TABLES, ids=by_name)
def test_every_foreign_key_cascades_and_is_the_beginning_of_an_index(table: Table) -> None:
    indexed: list[Sequence[str]] = [[column.name for column in index.columns] for index in table.indexes]
    keys = [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
    indexed += [[column.name for column in key.columns] for key in keys]
    for key in table.foreign_key_constraints:
        assert key.ondelete == "CASCADE"
        assert any(list(columns[: len(key.column_keys)]) == list(key.column_keys) for columns in indexed), key.name
