"""What the commands read: the settings, and the contract if the command line does not name it."""

from __future__ import annotations

from pathlib import Path

import click

from .failures import CannotRun, shown
from .rules import RULES
from .runs import Own
from .settings import Settings, SettingsError, find_settings, read_settings


def settings_of(contract: Path | None, config: Path | None, *, is_ours: bool) -> Settings:
    """What `gate.toml` says. A program's own contract has exceptions only if they are named."""
    file = config or (None if is_ours else find_settings(contract))
    if file is None:
        return Settings()
    try:
        return read_settings(file, rule_ids=[rule.rule_id for rule in RULES])
    except SettingsError as error:
        raise CannotRun(*(f"{shown(file)}: {mistake}" for mistake in error.mistakes)) from error
    except OSError as error:
        raise CannotRun(f"{shown(file)}: this cannot be read: {error.strerror}") from error


def contract_of(settings: Settings, own: Own | None) -> Path:
    """The contract, if the command line does not name it. Raises CannotRun, UsageError."""
    if settings.contract is None and own:
        return own.contract
    if settings.file is None:
        raise click.UsageError("Name the contract: --contract FILE.")
    if settings.contract is None:
        raise CannotRun(f'{shown(settings.file)}: this names no contract: write contract = "openapi.yaml"')
    if not settings.contract.is_file():
        raise CannotRun(f"{shown(settings.file)}: contract: there is no file {shown(settings.contract)}")
    return settings.contract
