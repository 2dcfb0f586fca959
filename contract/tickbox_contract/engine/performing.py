"""Performs one operation in a unit of work, for a request of its own or as a part of another one (see `parts`).

The order: claim an id that the client chose; compare the conditions; run the handler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

from tickbox_contract.openapi.problems import NOT_FOUND
from tickbox_contract.responses import Response

from .conditions import NO_CONDITIONS, Conditions
from .encoding import violation_reporter_for
from .limits import Count
from .operations import CompiledOperation
from .parameters import Parameter
from .request_semantics import RequestSemantics, id_taken
from .units import RequestContext, Settings, Unit


@dataclass(frozen=True)
class Performer:
    """What performs *operation*."""

    operation: CompiledOperation
    operations: Mapping[str, CompiledOperation]
    settings: Settings

    async def perform(
        self,
        uow: Unit,
        context: RequestContext,
        semantics: RequestSemantics,
        arguments: Mapping[str, Any],
        count: Count,
    ) -> Response | None:
        """The response of the handler; None if the same request did it before (see `read_created`).

        *count* gets what is encoded for the conditions.
        """
        if semantics.client_id is not None and await self._claim(uow, semantics) == "repeated":
            return None
        if semantics.conditions != NO_CONDITIONS and not self.operation.safe:
            await uow.require(partial(self._compare, semantics.conditions, uow, context, count))
        response: Response = await self.operation.handler(uow, **arguments)
        return response

    def reading(self, context: RequestContext, semantics: RequestSemantics) -> RequestContext:
        """The context of the request that reads what the request with *semantics* created."""
        assert self.item_parameter is not None
        path = {**context.path, self.item_parameter.keyword: semantics.client_id}
        item = self.operations[str(self.operation.item)]
        return context._replace(operation_id=item.operation_id, safe=True, path=path, admit_role=admit_anyone)

    async def read_created(self, uow: Unit, reading: RequestContext) -> Response:
        """200 with what the same request created, as it is now."""
        try:
            return await _read_bare(self.operations[reading.operation_id], uow, reading.path)
        except Exception as error:
            problem_response = self.settings.translate(error)
            if problem_response is None or problem_response.status != NOT_FOUND.status:
                raise
            raise id_taken() from error

    @cached_property
    def item_parameter(self) -> Parameter | None:
        """The path parameter that finds what was created, if a client may choose its id."""
        if self.operation.item is None:
            return None
        known = self.operations[self.operation.item].parameters["path"].known
        (name,) = known.keys() - self.operation.parameters["path"].known.keys()
        return known[name]

    async def _claim(self, uow: Unit, semantics: RequestSemantics) -> Literal["new", "repeated"]:
        claim = await uow.claim(semantics.client_id, semantics.request)
        if claim == "taken":
            raise id_taken()
        return claim

    async def _compare(self, conditions: Conditions, uow: Unit, context: RequestContext, count: Count) -> None:
        conditions.require(await self._entity_tag(uow, context, count))

    async def _entity_tag(self, uow: Unit, context: RequestContext, count: Count) -> str | None:
        """The entity tag of the resource, read under the lock of the write; None for a resource that a PUT creates."""
        target = self.operations[str(self.operation.target)]
        try:
            response = await _read_bare(target, uow, context.path)
        except Exception as error:
            problem_response = self.settings.translate(error)
            is_missing = problem_response is not None and problem_response.status == NOT_FOUND.status
            if self.operation.method == "PUT" and is_missing:
                return None
            raise
        produced = target.responses.produces[0]
        encoded = target.responses.encode(
            response, accepted=produced, violation=violation_reporter_for(target, self.settings)
        )
        count.encoded(encoded)
        return encoded.entity_tag


def admit_anyone(_role: str | None) -> None:
    """An operation with `security: []` needs no role."""


async def _read_bare(operation: CompiledOperation, uow: Unit, path: Mapping[str, Any]) -> Response:
    """The response of a GET to its path alone."""
    arguments = {keyword: path[keyword] for keyword in operation.path_keywords}
    for place in ("query", "header", "cookie"):
        operation.parameters[place].read({}, arguments)
    response: Response = await operation.handler(uow, **arguments)
    return response
