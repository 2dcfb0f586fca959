"""Passwords that whoever guesses would try first: breached ones, words, names.

They are the lists that the `zxcvbn` package brings along. Of its modules only the one with the lists is run, and it is
dropped again: what stays is one piece of 0.4 MB, in which a password is looked up in some 60 us.
Source: NIST SP 800-63B-4, 3.1.1.2.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

_SHORTEST: Final = 8
"""The contract lets no shorter password in."""
_SEPARATOR: Final = "\0"
"""The contract lets it into no text."""


def is_guessable(password: str, *, known: Sequence[str]) -> bool:
    """Whether *password* is on the lists, or one of the *known* words about its owner; however it is capitalised.

    The first call reads the lists, in some 20 ms.
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
