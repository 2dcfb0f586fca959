import sys
import unicodedata

import jsonschema_rs
import pytest

from domain.blank import TextBlank, is_blank, require_seen
from domain.unset import UNSET

UNSEEN = ["\u200b", "\u3164", "\u2800", "\u202e", "\u00ad", "\ufeff", "\u2060", "\u180e", "\u115f", "\u1160", "\uffa0"]
UNSEEN += ["\U000e0041\U000e007f", "\ufe0f", "\U000e0100", "\u034f", "\x07", "\t \u3000", "\u200d\u2063 \u061c"]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_a_text_that_shows_nothing_is_refused(text: str) -> None:
    with pytest.raises(TextBlank) as raised:
        require_seen(text, name="title")
    assert (raised.value.pointer, raised.value.code) == ("#/title", "blank")


SEEN = ["a", "\u200ba", "é", "种", "❤\ufe0f", "👩\u200d🚀", "\u0301", "\ue000", ".", "\u05d0\u202e"]


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_a_text_with_one_character_that_can_be_seen_is_not(text: str) -> None:
    require_seen(text, name="title")


def test_what_is_not_sent_is_not_checked() -> None:
    require_seen(UNSET, name="title")


UNKNOWN = {"Cn", "Cs"}
"""The general categories of what has no character, and of surrogates, which no text has."""


@pytest.mark.unmeasured
def test_the_rule_is_that_of_unicode_for_every_character() -> None:
    """Another implementation of Unicode's properties is asked about each that this Python knows."""
    pattern = r"^[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800]$"
    is_unseen = jsonschema_rs.validator_for({"type": "string", "pattern": pattern}).is_valid
    known = (chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in UNKNOWN)
    assert [ascii(each) for each in known if is_blank(each) != is_unseen(each)] == []
