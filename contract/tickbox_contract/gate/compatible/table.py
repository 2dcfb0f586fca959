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
    # parameters
    Break("parameter-removed", "removed", _SENDERS, "OpenAPI, Parameter Object",
          "It is rejected, or it is ignored and the request means something else.",
          "keep it with `deprecated: true` and `x-sunset`, and remove it after that date"),
    Break("required-parameter-added", "added", _SENDERS, "OpenAPI, Parameter Object",
          "Requests of present callers lack it.", "make it optional, with the present behaviour as its default"),
    Break("parameter-made-required", "changed", _SENDERS, "OpenAPI, Parameter Object",
          "Requests may lack it.", "keep it optional"),
    Break("parameter-moved", "changed", _SENDERS, "OpenAPI, Parameter Object",
          "Callers send it where it is no longer looked for.", "accept it at both places, and deprecate the old one"),
    Break("parameter-renamed", "changed", _SENDERS, "RFC 3986, section 6.2.2.1",
          "Names differ by case. Callers send one that is no longer looked for.",
          "accept both names, and deprecate the old one"),
    Break("parameter-form-changed", "changed", _SENDERS, "OpenAPI, Style Values",
          "The same value is written in another way, and is read as another one.", "keep the form; add a parameter"),
    Break("parameter-schema", "changed", _SENDERS, "JSON Schema 2020-12",
          "A value that was accepted is rejected.", "accept what the release accepts"),
    Break("parameter-type-changed", "changed", _CODE, "generators",
          "It is the type of an argument in each SDK. Requests stay the same: a number is written as a text.",
          "keep the type"),
    Break("default-changed", "changed", _SENDERS, "OpenAPI, Schema Object",
          "Callers who leave it out get another result.", "keep the default"),
    # bodies
    Break("body-removed", "removed", _SENDERS, "OpenAPI, Request Body Object",
          "What callers send is rejected or ignored.", "accept a body"),
    Break("body-made-required", "changed", _SENDERS, "OpenAPI, Request Body Object",
          "Requests may have no body.", "make it optional"),
    Break("body-media-type-removed", "removed", _SENDERS, _HTTP,
          "Callers get a 415.", "accept the media type"),
    Break("body-schema", "changed", _SENDERS, "JSON Schema 2020-12",
          "A value that was accepted is rejected.", "accept what the release accepts"),
    Break("encoding-changed", "changed", _BOTH, "OpenAPI, Encoding Object",
          "The same value is written in another way.", "keep the encoding"),
    # responses
    Break("success-status-added", "added", _READERS, _HTTP,
          "Generated clients treat a status that they do not know as a failure.",
          "return it for new parameters or operations only"),
    Break("success-status-removed", "removed", f"{_READERS}, {_CODE}", _HTTP,
          "Clients that wait for this status do not get it any more.", "keep the status"),
    Break("response-media-type-removed", "removed", _READERS, _HTTP,
          "Callers that accept only this media type get a 406, or what they cannot read.", "offer the media type"),
    Break("response-schema", "changed", _READERS, "JSON Schema 2020-12",
          "A value that readers do not expect may be returned.",
          "return what the release describes, in a new property or operation if need be"),
    Break("response-header-removed", "removed", _READERS, _HTTP,
          "Readers rely on the header.", "send it"),
    Break("response-header-made-optional", "changed", _READERS, "OpenAPI, Header Object",
          "Readers rely on the header.", "send it always"),
    Break("header-form-changed", "changed", _READERS, "OpenAPI, Style Values",
          "The same value is written in another way.", "keep the form"),
    Break("header-schema", "changed", _READERS, "JSON Schema 2020-12",
          "A value that readers do not expect may be sent.", "send what the release describes"),
    Break("link-changed", "changed", _READERS, "OpenAPI, Link Object",
          "Readers follow the link to their next request.", "keep the link, and add others"),
    # callbacks
    Break("callback-removed", "removed", "callback receivers", "OpenAPI, Callback Object",
          "Receivers wait for the request in vain.", "send it"),
    Break("callback-changed", "changed", "callback receivers", "OpenAPI, Callback Object",
          "Receivers get what they do not expect, or what they send back is not accepted.",
          "send and accept what the release describes"),
    # schemas
    Break("property-removed", "removed", f"{_BOTH}, {_CODE}", "generators",
          "It is ignored or rejected in requests, and missing in responses and in the types of each SDK.",
          "keep it with `deprecated: true` and `x-sunset`, and remove it after that date"),
    Break("component-renamed", "changed", _CODE, "generators",
          "The name is that of a type in each SDK. Requests and responses stay the same.", "keep the name"),
    Break("format-changed", "changed", _CODE, "generators",
          "Generated code reads the value of a response into another type, whatever is sent.", "keep the format"),
    Break("discriminator-changed", "changed", _BOTH, "OpenAPI, Discriminator Object",
          "The same value selects another schema, or none.", "keep the property and the mapping"),
    Break("known-value-withdrawn", "removed", _SENDERS, "Zalando 112",
          "Callers send the value, because the release lists it.", "accept the value"),
    Break("schema-undecided", "changed", "a client, perhaps", "ours",
          "The gate proves that a change is safe, or shows a value that breaks. It could do neither here.",
          "compare both places by hand; a simpler way of writing them may be decidable"),
    # security and access
    Break("security-added", "added", _SENDERS, "OWASP API2:2023",
          "Callers without a token get a 401.", "let them in, or add an operation"),
    Break("security-changed", "changed", _SENDERS, "OpenAPI, Security Requirement Object",
          "What callers authenticate with is not accepted.", "accept both, as alternatives"),
    Break("scope-added", "added", _SENDERS, "RFC 6750, section 3.1",
          "Tokens without the scope get a 403.", "keep the scopes of the release"),
    Break("security-scheme-changed", "changed", _SENDERS, "OpenAPI, Security Scheme Object",
          "Callers authenticate in the way of the release.", "add a scheme, and accept both"),
    Break("access-raised", "changed", _SENDERS, "OWASP API5:2023",
          "Callers with the role or scope of the release get a 403.", "keep the role and the scope"),
    # events
    Break("event-removed", "removed", _READERS, "AsyncAPI",
          "Those who wait for the event wait in vain.", "keep it"),
    Break("event-payload", "changed", _READERS, "JSON Schema 2020-12",
          "A payload that readers do not expect may be written.", "write what the release describes"),
    Break("event-no-longer-written", "removed", _READERS, "AsyncAPI",
          "Those who wait for the event wait in vain.", "write it"),
    # what people should see, although nothing breaks
    _noted("error-status-added", "added", "adds", _HTTP,
           "Clients treat an unknown status as the x00 of its class (section 15): see whether that is right."),
    _noted("problem-added", "added", "adds", "RFC 9457",
           "Clients treat an unknown problem by its status: see whether that is right."),
    _noted("undeclared-property", "changed", "keeps", "JSON Schema 2020-12",
           "A property that the release leaves open is declared: whoever used its name for something else breaks."),
    _noted("default-added", "added", "keeps", "OpenAPI, Schema Object",
           "Callers who leave it out rely on the present behaviour: see whether it is that."),
    _noted("security-loosened", "changed", "keeps", "OWASP API2:2023",
           "No caller breaks, but more are let in: see whether that is meant."),
    _noted("access-lowered", "changed", "keeps", "OWASP API5:2023",
           "No caller breaks, but more are let in: see whether that is meant."),
    _noted("operation-retired", "removed", "keeps", "RFC 8594",
           "It was deprecated, and its date of `x-sunset` is past."),
    Row("operation-added", "added", "adds"),
    Row("operation-deprecated", "deprecated", "adds"),
    Row("deprecation-withdrawn", "changed", "keeps"),
    Row("sunset-changed", "changed", "keeps"),
    Row("server-added", "added", "adds"),
    Row("rate-limit-removed", "removed", "keeps"),
    _noted("parameter-retired", "removed", "keeps", "RFC 8594",
           "It was deprecated, and its date of `x-sunset` is past."),
    _noted("property-retired", "removed", "keeps", "RFC 8594",
           "It was deprecated, and its date of `x-sunset` is past."),
    Row("parameter-added", "added", "adds"),
    Row("parameter-made-optional", "changed", "adds"),
    Row("parameter-deprecated", "deprecated", "adds"),
    Row("body-added", "added", "adds"),
    Row("body-made-optional", "changed", "adds"),
    Row("body-media-type-added", "added", "adds"),
    Row("request-widened", "changed", "adds"),
    Row("property-added", "added", "adds"),
    Row("known-value-added", "added", "adds"),
    Row("known-value-removed", "changed", "keeps"),
    Row("conditional-status-added", "added", "adds"),
    Row("error-status-removed", "removed", "keeps"),
    Row("problem-removed", "removed", "keeps"),
    Row("response-narrowed", "changed", "keeps"),
    Row("response-media-type-added", "added", "adds"),
    Row("response-header-added", "added", "adds"),
    Row("response-header-made-required", "changed", "adds"),
    Row("link-added", "added", "adds"),
    Row("callback-added", "added", "adds"),
    Row("event-added", "added", "adds"),
    Row("event-written", "added", "adds"),
)  # fmt: skip

TABLE: Mapping[str, Row] = {row.rule_id: row.row if isinstance(row, Break) else row for row in _ROWS}
