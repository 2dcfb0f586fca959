"""The table of changes: what each means for clients, who breaks, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from tickbox_contract.openapi.rules import Severity

Kind = Literal["added", "changed", "deprecated", "removed"]
Effect = Literal["breaks", "adds", "keeps"]
"""What a version must say of a change: clients break, clients can do more, or neither."""

_SENDERS, _READERS, _CODE = "request senders", "response readers", "generated code"
_BOTH = "request senders and response readers"
_HTTP, _SEMVER = "RFC 9110", "SemVer 2.0.0"


class Row(NamedTuple):
    """One kind of change. Without a severity it is in the changelog only."""

    rule_id: str
    kind: Kind
    effect: Effect
    severity: Severity | None = None
    breaks: str = ""
    source: str = ""
    reason: str = ""
    mend: str = ""


class Break(NamedTuple):
    """A kind of change that breaks clients."""

    rule_id: str
    kind: Kind
    breaks: str
    source: str
    reason: str
    mend: str

    @property
    def row(self) -> Row:
        """The row of the table."""
        return Row(self.rule_id, self.kind, "breaks", "error", *self[2:])


def _noted(rule_id: str, kind: Kind, effect: Effect, source: str, reason: str) -> Row:
    return Row(rule_id, kind, effect, "notice", "", source, reason, "")


_ROWS = (
    # operations
    Break("operation-removed", "removed", _SENDERS, "RFC 8594",
            "Callers get a 404 or a 405.",
            "keep it with `deprecated: true` and `x-sunset`, and remove it after that date"),
    Break("operation-moved", "changed", _SENDERS, _HTTP,
            "Callers get a 404 or a 405 at the place that they know.",
            "serve both paths, and deprecate the old one with `x-sunset`"),
    Break("operation-renamed", "changed", _CODE, "generators",
            "It is the name of a function in each SDK.", "keep the operationId"),
    Break("operation-retagged", "changed", _CODE, "generators",
            "The first tag is the class or module of the function in each SDK.", "keep the first tag"),
    Break("path-parameter-renamed", "changed", _CODE, "generators",
            "It is the name of an argument in each SDK. Requests stay the same.", "keep the name"),
    Break("sunset-advanced", "changed", _SENDERS, "RFC 8594",
            "Callers have planned with the date that was announced.", "keep the date, or choose a later one"),
    Break("server-removed", "removed", _SENDERS, "OpenAPI, Server Object",
            "SDKs send requests to the servers that the contract names; the first is their default.",
            "keep the server in its place, and add others below it"),
    Break("rate-limit-changed", "changed", _SENDERS, "RFC 6585",
            "Requests count against another limit, and callers may get a 429 where they did not.",
            "keep `x-rate-limit`, or raise the version"),
    _noted("operation-retired", "removed", "keeps", "RFC 8594",
           "It was deprecated, and its date of `x-sunset` is past."),
    Row("operation-added", "added", "adds"),
    Row("operation-deprecated", "deprecated", "adds"),
    Row("deprecation-withdrawn", "changed", "keeps"),
    Row("sunset-changed", "changed", "keeps"),
    Row("server-added", "added", "adds"),
    Row("rate-limit-removed", "removed", "keeps"),
)  # fmt: skip

TABLE: Mapping[str, Row] = {row.rule_id: row.row if isinstance(row, Break) else row for row in _ROWS}
