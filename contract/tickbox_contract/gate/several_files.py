"""A contract in several files: the files that its references lead to are read into one document.

Each further file becomes a member of `x-files` in the document, by its path from the folder of the first file, and the
references lead there: `shelves.yaml#/Shelf` becomes `#/x-files/shelves.yaml/Shelf`. So rules need to know one document
only. What is served or released is the first file as it is.

A relative path is meant from the file that has the reference (RFC 3986, section 5). Nothing is read over a network.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from tickbox_contract.openapi.objects import Place, Pointer, fragment, within

from .trees import MissingFileError
from .yaml_texts import UnreadableError

FILES = "x-files"
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_INNER = re.compile(rf"#/{FILES}/([^/\s]+)")
_MOST_FILES = 5_000
_MOST_OBJECTS = 600_000
"""How many objects of OpenAPI a contract may have; a file of 30 MB has some 400,000."""


@dataclass(slots=True)
class Joined:
    """The further files of a contract, and where references led out of a file.

    `outward` are the places of references to other files, `missing` those among them that cannot be followed, with why.
    """

    outward: list[Pointer] = field(default_factory=list)
    missing: dict[Pointer, str] = field(default_factory=dict)


def file_of(pointer: Pointer) -> tuple[str | None, Pointer]:
    """The further file that *pointer* leads into, or None for the first one, and the place in it."""
    if len(pointer) > 1 and pointer[0] == FILES:
        return str(pointer[1]), pointer[2:]
    return None, pointer


def readable(message: str) -> str:
    """*message* with references as they were written: `shelves.yaml#/Shelf`."""
    return _INNER.sub(lambda found: f"{_unescaped(unquote(found[1]))}#", message)


def reference_to(pointer: Pointer) -> str:
    """*pointer* as a reference from the folder of the first file: `shelves.yaml#/Shelf`."""
    name, inner = file_of(pointer)
    return f"{name or ''}{fragment(inner)}"


class _Written(NamedTuple):
    """A reference that was changed, and where it leads: to a file, and a fragment in it."""

    text: str
    file: str | None
    fragment: str


class Joiner:
    """Reads the further files of one document, once each.

    *load* returns the plain data of the file at a path from the folder of the first file, or raises MissingFileError.
    """

    def __init__(
        self, root: dict[str, Any], *, name: str, load: Callable[[str], Any], most_objects: int = _MOST_OBJECTS
    ) -> None:
        self._root = root
        self._name = name
        self._load = load
        self._most_objects = most_objects
        self._siblings = str(root.get("openapi")).startswith("3.1.")
        self._failed: dict[str, str] = {}
        self._written: dict[int, _Written] = {}
        """The references that were changed, by the identity of their text: a copy of an object has the same text."""
        self.joined = Joined()

    def join(self) -> Joined:
        """Read all files that can be reached, and change the references to them. Raises UnreadableError."""
        seen: defaultdict[str, set[int]] = defaultdict(set)
        most = self._most_objects
        waiting = [Place((), "document", self._root)]
        while waiting:
            for place in within(waiting.pop(), siblings=self._siblings):
                if id(place.node) not in seen[place.kind]:
                    most -= 1
                    if most < 0:
                        raise UnreadableError("this has more operations and schemas than a contract can have")
                    seen[place.kind].add(id(place.node))
                    waiting += self._followed(place)
        return self.joined

    def join_further(self, root: dict[str, Any]) -> None:
        """Join *root*: the same document, in which names that were misspelled are written right.

        Before, nothing below a misspelled name is known to be an object of OpenAPI. Raises UnreadableError.
        """
        self._root = root
        self.join()

    def _followed(self, place: Place) -> Iterator[Place]:
        """The place that a reference leads to, if it is in another file than the first one."""
        reference = place.reference
        if reference is None:
            return
        written = self._written.get(id(reference)) or self._rewritten(place, reference)
        target = self._target(written.file, unquote(written.fragment)) if written else None
        if target is not None:
            yield Place(target[0], place.kind, target[1])

    def _rewritten(self, place: Place, reference: str) -> _Written | None:
        """The *reference* of *place* as it is in the joined document; None if it stays as it is."""
        base = file_of(place.pointer)[0]
        if base is None and reference.startswith("#"):
            return None
        path, _, fragment = reference.partition("#")
        name = self._named(path, base) if path else base
        why = self._missing(name, path)
        if path:
            self.joined.outward.append(place.pointer)
        if why is not None:
            self.joined.missing[place.pointer] = f"{reference}: {why}"
            return None
        inner = "" if name is None else f"/{FILES}/{_escaped(name)}"
        written = _Written(f"#{inner}{fragment}", name, fragment)
        place.node["$ref"] = written.text  # type: ignore[index]  # it is our own copy
        self._written[id(written.text)] = written
        return written

    def _named(self, path: str, base: str | None) -> str | None:
        """The path of the other file from the folder of the first one; None for the first one."""
        if _REMOTE.match(path):
            return path
        name = posixpath.normpath(posixpath.join(posixpath.dirname(base or ""), unquote(path)))
        return None if name == self._name else name

    def _missing(self, name: str | None, path: str) -> str | None:
        """Why the file *name* cannot be read; None if it can."""
        files = self._root.setdefault(FILES, {}) if name is not None else {}
        if name is None or name in files:
            return None
        if _REMOTE.match(path):
            return "the gate reads no files over a network: copy it beside the contract"
        if len(files) >= _MOST_FILES:
            return "there are too many files"
        if name not in self._failed:
            try:
                files[name] = self._load(name)
            except MissingFileError as error:
                self._failed[name] = str(error)
        return self._failed.get(name)

    def _target(self, name: str | None, fragment: str) -> tuple[Pointer, dict[str, Any]] | None:
        pointer: list[str | int] = [] if name is None else [FILES, name]
        node: Any = self._root if name is None else self._root[FILES][name]
        for token in fragment.split("/")[1:]:
            step: str | int = _unescaped(token)
            if isinstance(node, list) and token.isdecimal() and int(token) < len(node):
                step = int(token)
            elif not isinstance(node, dict) or step not in node:
                return None
            pointer.append(step)
            node = node[step]
        return (tuple(pointer), node) if isinstance(node, dict) else None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1").replace("%", "%25").replace(" ", "%20")


def _unescaped(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")
