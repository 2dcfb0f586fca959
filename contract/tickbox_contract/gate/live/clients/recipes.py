"""Clients that every team has without settings: five generators, in pinned versions. `recipes.toml` is their table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tickbox_contract.gate.settings_reading import Table

from .client import Client, read_client

FILE = Path(__file__).with_name("recipes.toml")


@cache
def recipes() -> Mapping[str, Client]:
    """The recipes by name. They are read when they are needed: most runs need none."""
    root = Table(tomllib.loads(FILE.read_text(encoding="utf-8")), folder=FILE.parent)
    return {client.name: client for client in (read_client(table, {}) for table in root.tables("clients"))}
