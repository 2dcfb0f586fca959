"""Released contracts: a file, each contract of a folder, or the file as it was at a git revision."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.reading import UnreadableError, read
from tickbox_contract.openapi.servable import WELL_FORMED

_SUFFIXES = {".yaml", ".yml", ".json"}


class NoReleaseError(Exception):
    """There is no contract to compare with. The text is one line, and says what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """A released contract, and the name of its file in reports: `spec/released/1.0.0.yaml`, `main:openapi.yaml`."""

    name: str
    contract: Contract


def releases(against: str, *, contract: Path) -> Iterator[Release]:
    """The contracts that *against* names; *contract* is the path of the present one. Raises NoReleaseError, OSError."""
    path = Path(against)
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.suffix in _SUFFIXES:
                yield _release(file.as_posix(), file.read_bytes(), path=file)
    elif path.is_file():
        yield _release(against, path.read_bytes(), path=path)
    else:
        yield _release(f"{against}:{contract.name}", _at_revision(against, contract))


def _release(name: str, raw: bytes, *, path: Path | None = None) -> Release:
    try:
        contract = read(raw, path=path)
    except UnreadableError as error:
        raise NoReleaseError(f"{name}: {error}") from error
    if hit := next(iter(WELL_FORMED.check(contract)), None):
        line = contract.line(hit.pointer) or 1
        raise NoReleaseError(f"{name}, line {line}: {hit.message}: name a release that is valid OpenAPI")
    return Release(name, contract)


def _at_revision(revision: str, contract: Path) -> bytes:
    """The content of the file *contract* at *revision* of the git repository that it is in."""
    folder = contract.absolute().parent
    try:
        known = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except FileNotFoundError as error:
        raise NoReleaseError(f"{revision} is not a file, and git is not installed: name a file") from error
    if known.returncode:
        raise NoReleaseError(f"{revision} is neither a file nor a git revision of the contract's repository")
    shown = _git(folder, "show", "--end-of-options", f"{known.stdout.decode().strip()}:./{contract.name}")
    if shown.returncode:
        raise NoReleaseError(f"at the git revision {revision} there is no {contract.name}: name a file, or another one")
    return shown.stdout


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # no shell; after --end-of-options
