"""What is a regular expression of ECMA-262, and what is not in any engine of JavaScript."""

from __future__ import annotations

import pytest

from tickbox_contract.gate.regexes import fault_of


@pytest.mark.parametrize(
    "pattern",
    [
        "", "^a+?$", r"^[\w-\.]+$", r"[^]", "]", "{", "a{,5}", "{abc}", r"\Z\h\/\-", r"^\p{L}\u{1F600}$",
        r"[\b]\cA\x41\u0041",
        r"(?<n>a)\k<n>", "(?=a)*", "(?<!a)b\\1", "(?i:a)", "a{2,2}", "(a|)",
        r"[a-\d]", "[a-]", r"[\x41-\u005a]", "[+--]",
    ],
)  # fmt: skip
def test_a_regular_expression_has_no_fault(pattern: str) -> None:
    assert fault_of(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("(", "a `(` is not closed"),
        (")", "a `)` closes nothing"),
        ("[a", "a `[` is not closed"),
        (r"[\]", "a `[` is not closed"),
        ("a\\", "it ends in a backslash"),
        ("*a", "`*` repeats nothing"),
        ("a|+", "`+` repeats nothing"),
        ("^*", "`*` repeats nothing"),
        ("a++", "`+` repeats nothing"),
        ("(?<=a)*", "`*` repeats nothing"),
        ("a{3,2}", "`{3,2}` has a minimum above its maximum"),
        ("(?i)a", "`(?i` does not begin a group of ECMA-262"),
        ("(?P<n>a)", "`(?P` does not begin a group of ECMA-262"),
        ("(?>a)", "`(?>` does not begin a group of ECMA-262"),
        ("(?<n>a)(?<n>b)", "two groups have the same name"),
        ("[z-a]", "the range `z-a` ends before it begins"),
        (r"[\u005a-\x41]", r"the range `\u005a-\x41` ends before it begins"),
    ],
)
def test_what_no_engine_reads_is_a_fault(pattern: str, fault: str) -> None:
    assert fault_of(pattern) == fault
