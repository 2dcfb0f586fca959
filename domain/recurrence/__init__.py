"""Recurrence rules of RFC 5545 with the SKIP of RFC 7529: pure, in wall-clock time, and in bounded time.

`rules` reads, checks and writes a rule, `series` has its occurrences from a start. See ADR 110.
"""
