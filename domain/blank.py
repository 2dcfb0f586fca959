r"""Texts that show nothing, and cannot be names: white space, and characters that nobody sees.

The contract's pattern `\S` refuses white space. The rest is here, because the regular expressions of some generators
do not know Unicode's properties, and a list of characters would not be readable there.
"""

import unicodedata
from typing import Final

from domain.errors import Invalid
from domain.unset import Unset

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
"""The general categories of controls, format characters, surrogates and white space."""
_IGNORABLE: Final = (
    *(range(0x034F, 0x0350), range(0x115F, 0x1161), range(0x17B4, 0x17B6), range(0x180B, 0x1810)),
    *(range(0x2060, 0x2070), range(0x3164, 0x3165), range(0xFE00, 0xFE10), range(0xFFA0, 0xFFA1)),
    *(range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000)),
)
"""Default_Ignorable_Code_Point, which `unicodedata` does not have, as far as it is not in these categories."""
_BRAILLE_BLANK: Final = 0x2800


class TextBlank(Invalid):
    """The value at *name* has no character that can be seen."""

    code = "blank"

    def __init__(self, name: str) -> None:
        super().__init__("This must have a character that can be seen.")
        self.pointer = f"#/{name}"


def require_seen(text: str | Unset, *, name: str) -> None:
    """Raise TextBlank unless *text*, the member *name* of the body, shows something, or is not sent."""
    if isinstance(text, str) and is_blank(text):
        raise TextBlank(name)


def is_blank(text: str) -> bool:
    """Return whether no character of *text* can be seen."""
    return not any(map(_is_seen, text))


def without_unseen(text: str) -> str:
    """Return *text* without what nobody sees, and with one space wherever there is white space between words."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(each for each in text if _is_seen(each) or each.isspace())
    return " ".join(text.split())


def _is_seen(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) not in _UNSEEN
        and code != _BRAILLE_BLANK
        and not any(code in some for some in _IGNORABLE)
    )
