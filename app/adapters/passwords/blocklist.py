"""Passwords that an attacker would try first: breached passwords, words, names.

The lists come with the `zxcvbn` package. Only its module with the lists is imported, and then dropped. One text of 0.4
MB stays, in which a look-up takes about 60 us.
Source: NIST SP 800-63B-4, 3.1.1.2.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

_SHORTEST: Final = 8
"""The contract rejects shorter passwords."""
_SEPARATOR: Final = "\0"
"""The contract rejects it in every text."""


def is_guessable(password: str, *, known: Sequence[str]) -> bool:
    """Return whether *password* is on the lists or is one of the *known* words about its owner, in any case.

    The first call reads the lists, which takes about 20 ms.
    """
    folded = _fold(password)
    return folded in map(_fold, known) or f"{_SEPARATOR}{folded}{_SEPARATOR}".encode() in _listed()


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _listed() -> bytes:
    package = find_spec("zxcvbn")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0], "frequency_lists.py")
    spec = spec_from_file_location("tickbox_frequency_lists", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    words = {_fold(word) for words in module.FREQUENCY_LISTS.values() for word in words if len(word) >= _SHORTEST}
    return _SEPARATOR.join(("", *sorted(words), "")).encode()
