"""What can be wrong with a recurrence rule."""

from typing import Final

from domain.errors import Invalid

_POINTER: Final = "#/recurrence/rule"


class RuleMalformed(Invalid):
    """The text of a rule does not have the form of RFC 5545."""

    code = "rule-malformed"
    pointer = _POINTER


class RuleUnsupported(Invalid):
    """RFC 5545 or RFC 7529 has it, and this server does not."""

    code = "rule-unsupported"
    pointer = _POINTER


class RulePartsConflict(Invalid):
    """Parts that may not be in one rule, or a part that needs another one."""

    code = "rule-parts-conflict"
    pointer = _POINTER


class RuleUnlikeDue(Invalid):
    """The rule needs a due value of another form: a day, a floating time, or a time in a zone."""

    code = "rule-unlike-due"
    pointer = _POINTER


class RuleNeverOccurs(Invalid):
    """No occurrence follows the first one, or the series ends before it."""

    code = "rule-never-occurs"
    pointer = _POINTER


class CountTooLarge(Invalid):
    """COUNT is more than the limit, or than there are until 9999-12-31, or than can be counted in bounded steps."""

    code = "rule-count"
    pointer = _POINTER
