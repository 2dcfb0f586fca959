"""What can be wrong with a recurrence rule. Each is Invalid, about the value at `#/recurrence/rule`.

RecurrenceInvalid
├── RuleMalformed       the text does not have the form of RFC 5545
├── RuleUnsupported     RFC 5545 or RFC 7529 has it, and this server does not
├── RulePartsConflict   parts that may not be in one rule
├── RuleUnlikeDue       the rule needs a due value of another form: a day, a floating time, a time in a zone
├── RuleNeverOccurs     no occurrence follows the first one
└── CountTooLarge       COUNT is more than the limit, or more than can be counted for a rule that occurs so rarely
"""

from domain.errors import Invalid


class RecurrenceInvalid(Invalid):
    """A recurrence rule that cannot be used, or not with this due value."""

    pointer = "#/recurrence/rule"


class RuleMalformed(RecurrenceInvalid):
    """The text of a rule does not have the form of RFC 5545."""

    code = "rule-malformed"


class RuleUnsupported(RecurrenceInvalid):
    """RFC 5545 or RFC 7529 has it, and this server does not."""

    code = "rule-unsupported"


class RulePartsConflict(RecurrenceInvalid):
    """Parts that may not be in one rule, or a part that needs another one."""

    code = "rule-parts-conflict"


class RuleUnlikeDue(RecurrenceInvalid):
    """The rule needs a due value of another form: a day, a floating time, or a time in a zone."""

    code = "rule-unlike-due"


class RuleNeverOccurs(RecurrenceInvalid):
    """No occurrence follows the first one, or the series ends before it."""

    code = "rule-never-occurs"


class CountTooLarge(RecurrenceInvalid):
    """COUNT is more than the limit, or more than can be counted for a rule that occurs so rarely."""

    code = "rule-count"
