"""The standard responses and headers that an operation lacks, each with the `$ref` by which others declare it.

They follow from what the operation declares already: a token, a body, a key, a condition, problems. A contract declares
them in every operation, because clients are generated from operations.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tickbox_contract.openapi.media_types import PROBLEM_JSON
from tickbox_contract.openapi.nodes import Node, header
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.servable import IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED

from .complete import counts_any, due_statuses, is_counted
from .contracts import Contract

_ALLOWANCE = ("RateLimit", "RateLimit-Policy")


@dataclass(frozen=True)
class Standard:
    """What the operations of *contract* have in common."""

    contract: Contract

    def responses(self, operation: Operation) -> dict[str, str]:
        """The statuses that *operation* lacks, each with the `$ref` that most operations of its method have for it."""
        due = due_statuses(operation, is_limited=self._is_limited(operation)) | set(self._own_statuses(operation))
        due |= {"412"} if self._is_conditional(operation) else set()
        due |= {"422"} if operation.parameter("header", IDEMPOTENCY_KEY) else set()
        due |= {"304"} if operation.method == "get" and operation.parameter("header", "If-None-Match") else set()
        missing = sorted(due - operation.responses.keys())
        return {status: ref for status in missing if (ref := self._reference(operation.method, status))}

    def headers(self, operation: Operation) -> dict[str, dict[str, str]]:
        """The headers that its successes lack, by status and name. A success that is a `$ref` is left as it is."""
        found = {}
        for status, response in operation.successes():
            if response.pointer != (*operation.node.pointer, "responses", status):
                continue
            due = self._due_headers(operation, status, response)
            missing = [name for name in due if header(response, name) is None and name in self._header_references]
            if missing:
                found[status] = {name: self._header_references[name] for name in missing}
        return found

    def order(self, name: str) -> int:
        """The place of the header *name* among those of a success."""
        return self._order.index(name) if name in self._order else len(self._order)

    def _due_headers(self, operation: Operation, status: str, response: Node) -> Iterator[str]:
        is_versioned = status in {"200", "201"} and self.contract.is_single(response)
        if is_versioned or (operation.method == "get" and operation.parameter("header", "If-None-Match")):
            yield "ETag"
        if operation.parameter("header", IDEMPOTENCY_KEY):
            yield IDEMPOTENCY_REPLAYED
        yield from ("Location",) if status == "201" else ()
        yield "X-Request-Id"
        yield from _ALLOWANCE if self._is_limited(operation) else ()

    def _is_conditional(self, operation: Operation) -> bool:
        """Whether a condition of a request about the entity tag of its resource may fail.

        Servers check conditions of writes. Some check them of reads and of creates, and declare it.
        """
        resource = self.contract.resource_of(operation)
        response = resource.responses.get("200") if resource else None
        if resource is None or response is None or (resource.needs_token and not operation.needs_token):
            return False
        has_tag = header(response, "ETag") or resource.parameter("header", "If-None-Match")
        return has_tag is not None and self._relation(operation) in self._conditional

    def _relation(self, operation: Operation) -> tuple[str, bool]:
        """The method, and whether its path can be read: a POST there creates, any other one is an action."""
        return operation.method, self.contract.operation(operation.path, "get") is not None

    @cached_property
    def _conditional(self) -> set[tuple[str, bool]]:
        """What the operations that declare 412 have in common."""
        return {self._relation(each) for each in self.contract.operations if "412" in each.responses}

    def _is_limited(self, operation: Operation) -> bool:
        return self._counts_any and is_counted(operation)

    def _own_statuses(self, operation: Operation) -> Iterator[str]:
        """Those of the problems in `x-problems`, as the contract's examples of these problems say."""
        listed = operation.node.get("x-problems")
        yield from (self._problem_statuses[slug] for slug in listed or () if slug in self._problem_statuses)

    def _reference(self, method: str, status: str) -> str | None:
        return self._response_references.get((method, status)) or self._response_references.get(("", status))

    @cached_property
    def _counts_any(self) -> bool:
        return counts_any(self.contract)

    @cached_property
    def _response_references(self) -> Mapping[tuple[str, str], str]:
        """By method and status, and by status alone."""
        counted: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for operation in self.contract.operations:
            for status, response in operation.node.members("responses").items():
                if reference := response.get("$ref"):
                    counted[operation.method, status][reference] += 1
                    counted["", status][reference] += 1
        return {key: references.most_common(1)[0][0] for key, references in counted.items()}

    @cached_property
    def _header_references(self) -> Mapping[str, str]:
        counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for operation in self.contract.operations:
            for _, response in operation.successes():
                for name, given in response.members("headers").items():
                    if reference := given.get("$ref"):
                        counted[name][reference] += 1
        return {name: references.most_common(1)[0][0] for name, references in counted.items()}

    @cached_property
    def _order(self) -> list[str]:
        """The names of headers in the order of the successes that have most of them."""
        lists = [
            list(response.members("headers")) for each in self.contract.operations for _, response in each.successes()
        ]
        return list(dict.fromkeys(name for names in sorted(lists, key=len, reverse=True) for name in names))

    @cached_property
    def _problem_statuses(self) -> Mapping[str, str]:
        """The status under which the contract shows each problem, by the last part of its type."""
        found: dict[str, str] = {}
        for operation in self.contract.operations:
            for status, response in operation.errors():
                for shown in response.at("content", PROBLEM_JSON).members("examples").values():
                    kind = self.contract.follow(shown).at("value").get("type")
                    found.setdefault(str(kind).rpartition(":")[2], status)
        return found
