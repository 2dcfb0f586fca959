"""Reads a file that may not be a contract at all, and the files that it refers to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tickbox_contract.openapi.spelling import meant

from .contracts import Contract, Surroundings
from .schema_ids import resolve_ids
from .several_files import Joiner, reference_to
from .texts import Text, read_text
from .trees import MissingFileError, NoTree, Tree, WorkingTree
from .unfolding import MOST_CHARACTERS, boundless_pattern, boundless_schema
from .yaml_texts import UnreadableError

__all__ = ["UnreadableError", "read"]

_WHOLE = {"3.0": "3.0.4", "3": "3.0.4", "3.1": "3.1.1"}
"""Versions as people abbreviate them, and a whole one. Without quotes they are numbers in YAML."""
_NO_VERSION = "this is not an OpenAPI contract: it has no `openapi: 3.0.4` or other version"


def read(
    raw: bytes, surroundings: Surroundings | None = None, *, path: Path | None = None, tree: Tree | None = None
) -> Contract:
    """The contract in *raw*. Raises UnreadableError.

    *path* is where it is from: files that it refers to are read, too, and a name that ends in `.json` means that it has
    to be JSON. Without it, references to other files lead nowhere. *tree* has these files, if not the working tree.
    """
    text = read_text(raw, is_json=path is not None and path.suffix == ".json")
    root = text.data
    if not isinstance(root, dict):
        raise UnreadableError(_NO_VERSION)
    _require_version(root)
    if b"$id" in raw:
        resolve_ids(root)
    around = tree or (NoTree() if path is None else WorkingTree(path.parent))
    texts: dict[str, Text] = {}

    def further(name: str) -> Any:  # JSON
        raw = around.read(name)
        try:
            texts[name] = read_text(raw, is_json=name.endswith(".json"))
        except UnreadableError as error:
            raise MissingFileError(str(error)) from error
        return texts[name].data

    joiner = Joiner(root, name="" if path is None else path.name, load=further)
    joined = joiner.join()
    contract = Contract(
        raw, root, text.has_repeated_keys, text, joined, texts, surroundings or Surroundings(),
        join_further=joiner.join_further,
    )  # fmt: skip
    if (found := boundless_schema(contract.references)) is not None:
        place = reference_to(found)
        raise UnreadableError(f"{place} is composed of more schemas than a contract can have: use fewer levels")
    if (found := boundless_pattern(contract.references)) is not None:
        raise UnreadableError(f"{reference_to(found)} has a pattern of more than {MOST_CHARACTERS:,} characters")
    return contract


def _require_version(root: dict[str, Any]) -> None:
    version = root.get("openapi")
    if str(root.get("swagger")) == "2.0" and version is None:
        raise UnreadableError("this is Swagger 2.0: the gate reads OpenAPI 3.0 and 3.1")
    if version is None:
        near = next((f": openapi may be meant by {key}" for key in root if meant(key, ["openapi"])), "")
        raise UnreadableError(f"{_NO_VERSION}{near}")
    if isinstance(version, str) and version.startswith(("3.0.", "3.1.")):
        return
    written = str(version)
    if written in _WHOLE:
        raise UnreadableError(f"the version {written} has three numbers: write `openapi: {_WHOLE[written]}`")
    known = f" {written}" if re.fullmatch(r"[0-9.]{1,9}", written) else ""
    raise UnreadableError(f"the gate reads OpenAPI 3.0 and 3.1, and this file has another version{known}")
