"""The sound part of a contract whose form is wrong in places: the other rules go on with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tickbox_contract.openapi.objects import COMPOSITES, Pointer
from tickbox_contract.openapi.rules import Hit

from .contracts import Contract

_LISTS_OF_OBJECTS = {*COMPOSITES, "parameters", "servers", "security", "tags"}


def sound_part(contract: Contract, faults: Iterable[Hit]) -> Contract:
    """*contract* without what is wrong at *faults*: an object there is empty, and any other value is not there.

    What is misspelled has the name that is meant, so that nothing seems to be missing; it may have faults of its own.
    All other places stay as they are. Of an object that must not be a reference, nothing is known.
    """
    faults = tuple(faults)
    sound = _without(contract, [fault.pointer for fault in faults if not fault.meant]) if faults else contract
    misspelled = {fault.pointer: fault.meant for fault in faults if fault.meant}
    return _spelled(sound, misspelled) if misspelled else sound


def _spelled(contract: Contract, misspelled: Mapping[Pointer, str]) -> Contract:
    """*contract* with other names for what is at the places *misspelled*, the outermost first."""
    root: Any = dict(contract.root)
    copied: set[Pointer] = {()}
    renamed: dict[Pointer, str] = {}
    written = dict(contract.spellings)
    for pointer in sorted(misspelled, key=len):
        above = tuple(renamed.get(pointer[:n], step) for n, step in enumerate(pointer[:-1], start=1))
        name, given = misspelled[pointer], str(pointer[-1])
        held = _copied(root, (*above, given), copied)
        if isinstance(held, dict) and given in held and name not in held:
            held[name] = held.pop(given)
            renamed[pointer] = name
            written[*above, name] = given
    contract.join_further(root)
    return replace(contract, root=root, spellings=written)


def _copied(root: Any, pointer: Pointer, copied: set[Pointer]) -> Any:  # JSON
    """What has the last step of *pointer*, so that it can be changed; None if there is no such place."""
    held = root
    for depth, step in enumerate(pointer[:-1], start=1):
        if not _has(held, step) or not isinstance(held[step], dict | list):
            return None
        if pointer[:depth] not in copied:
            copied.add(pointer[:depth])
            held[step] = held[step].copy()
        held = held[step]
    return held


def _without(contract: Contract, pointers: Iterable[Pointer]) -> Contract:
    root: Any = dict(contract.root)
    copied: set[Pointer] = {()}
    for pointer in sorted(pointers, key=lambda each: each[-1:] == ("$ref",)):
        held = _parent(root, pointer) if pointer[-1:] == ("$ref",) else None
        if isinstance(held, dict) and isinstance(held["$ref"], str):
            pointer = pointer[:-1]  # noqa: PLW2901  # what has it
            _remove(root, pointer, copied)
            if pointer and isinstance(held := _parent(root, pointer), dict):
                del held[pointer[-1]]
            continue
        _remove(root, pointer, copied)
    return replace(contract, root=root)


def _remove(root: Any, pointer: Pointer, copied: set[Pointer]) -> None:
    """Remove what is at *pointer* from *root*, whose parts at *copied* are not those of the contract any more."""
    held = root
    for depth, step in enumerate(pointer[:-1], start=1):
        if not _has(held, step) or not isinstance(held[step], dict | list):
            return
        if pointer[:depth] not in copied:
            copied.add(pointer[:depth])
            held[step] = held[step].copy()
        if step == "discriminator" and not _has(held[step], pointer[depth]):
            del held[step]  # it lacks what it needs
            return
        is_of_values = step not in _LISTS_OF_OBJECTS and depth == len(pointer) - 1  # its item is wrong itself
        if isinstance(held[step], list) and is_of_values:
            del held[step]
            return
        held = held[step]
    if pointer and _has(held, pointer[-1]):
        if isinstance(held, list) or isinstance(held[pointer[-1]], dict) or pointer[-1] == "items":
            held[pointer[-1]] = {}
        else:
            del held[pointer[-1]]


def _parent(root: Any, pointer: Pointer) -> Any:  # JSON
    """What has the last step of *pointer*; None if there is no such place."""
    for step in pointer[:-1]:
        root = root[step] if _has(root, step) else None
    return root if _has(root, pointer[-1]) else None


def _has(held: Any, step: str | int) -> bool:
    if isinstance(held, list):
        return isinstance(step, int) and step < len(held)
    return isinstance(held, dict) and step in held
