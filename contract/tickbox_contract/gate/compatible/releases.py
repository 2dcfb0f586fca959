"""Released contracts: a file, each contract of a folder, or the contract as it was at a git revision."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.git_trees import GitTree, NoRevisionError
from tickbox_contract.gate.reading import UnreadableError, read
from tickbox_contract.gate.several_files import file_of
from tickbox_contract.gate.sound import sound_part
from tickbox_contract.gate.texts import bytes_of
from tickbox_contract.gate.trees import MissingFileError, Tree
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.servable import WELL_FORMED

_SUFFIXES = {".yaml", ".yml", ".json"}


class NoReleaseError(Exception):
    """There is no contract to compare with. The text is one line, and says what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """A released contract, the name of its first file in reports, and the git revision that it is from, if any.

    `faults` are the places where it is not valid OpenAPI: `contract` lacks them.
    """

    file: str
    contract: Contract
    revision: str | None = None
    faults: tuple[Hit, ...] = ()

    @property
    def name(self) -> str:
        """The name in reports: `spec/released/1.0.0.yaml`, `main:openapi.yaml`."""
        return _named(self.file, self.revision)

    def uncompared(self, fault: Hit) -> Hit:
        """What *fault* means for a contract that is compared with this one."""
        what = f"the release is not valid OpenAPI here, so this place is not compared: {fault.message}"
        return Hit(fault.pointer, what, self.place(fault.pointer))

    def place(self, pointer: Pointer) -> str:
        """The file and the line that have what *pointer* names: `main:schemas/pets.yaml:12`."""
        further, _ = file_of(pointer)
        file = self.file if further is None else posixpath.join(posixpath.dirname(self.file), further)
        return f"{_named(posixpath.normpath(file), self.revision)}:{self.contract.line(pointer) or 1}"


def releases(against: str, *, contract: Path) -> Iterator[Release]:
    """The contracts that *against* names; *contract* is the path of the present one. Raises NoReleaseError, OSError."""
    path = Path(against)
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.suffix in _SUFFIXES:
                yield _release(file.as_posix(), bytes_of(file), path=file)
    elif path.is_file():
        yield _release(against, path.read_bytes(), path=path)
    else:
        yield _at_revision(against, contract)


def _at_revision(revision: str, contract: Path) -> Release:
    """The contract at *revision* of the git repository that it is in."""
    try:
        tree = GitTree.at(revision, contract.parent)
    except NoRevisionError as error:
        raise NoReleaseError(str(error)) from error
    file = tree.path(contract.name)
    try:
        raw = tree.read(contract.name)
    except MissingFileError as error:
        why = f"{error}: name a revision that has the contract, or a file"
        raise NoReleaseError(f"{_named(file, revision)}: {why}") from error
    return _release(file, raw, path=contract, tree=tree, revision=revision)


def _release(file: str, raw: bytes, *, path: Path, tree: Tree | None = None, revision: str | None = None) -> Release:
    try:
        release = Release(file, read(raw, path=path, tree=tree), revision)
    except UnreadableError as error:
        raise NoReleaseError(f"{_named(file, revision)}: {error}") from error
    faults = tuple(hit._replace(meant=None) for hit in WELL_FORMED.check(release.contract))
    sound = sound_part(release.contract, faults)
    if faults and any(WELL_FORMED.check(sound)):
        place, message = release.place(faults[0].pointer), faults[0].message
        raise NoReleaseError(f"{place}: {message}: name a release that is valid OpenAPI")
    return replace(release, contract=sound, faults=faults)


def _named(file: str, revision: str | None) -> str:
    return file if revision is None else f"{revision}:{file}"
