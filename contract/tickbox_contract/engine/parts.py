"""Operations that another one performs, each as a part of its request: `x-performs: [<operationId>, ...]`.

A part behaves like a request of its own, but for the transaction, which is that of the whole request, and the
idempotency key, which a part does not have. It is claimed by the same digest, compared with the same conditions, run by
the same handler, and rejected with the same problems. The pointers in a problem begin with the place of the part.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from tickbox_contract.openapi.faults import pointer
from tickbox_contract.responses import Fault, Part, Problem, Response

from .encoding import require_listed
from .limits import Count
from .performing import Performer
from .problems import Refused, document
from .request_semantics import semantics_of
from .units import RequestContext, Unit

_SERVER_ERROR = 500


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Performs the parts of one request, whose body is *content*. A `responses.Perform`."""

    whole: Performer
    uow: Unit
    context: RequestContext
    content: Any  # JSON
    count: Count

    async def __call__(self, part: Part, *, alone: bool) -> Response:
        """See `responses.Perform`. Other requests run between two parts."""
        await asyncio.sleep(0)
        self.count.part()
        await self.uow.begin_part(alone=alone)
        performer = self._performer(part)
        try:
            response = await self._perform(performer, part)
            await self.uow.end_part()
        except Exception as error:
            problem = self._problem(part, error)
            if not alone:
                raise Refused(problem) from error
            await self.uow.undo_part()
            content = document(problem, urn_prefix=self.whole.settings.urn_prefix, instance=None)
            return replace(problem, content=content)
        return response

    def _performer(self, part: Part) -> Performer:
        if part.operation_id not in self.whole.operation.performs:
            message = f"{self.whole.operation.operation_id} does not perform {part.operation_id}"
            raise RuntimeError(message)
        operations = self.whole.operations
        return Performer(operations[part.operation_id], operations, self.whole.settings)

    async def _perform(self, performer: Performer, part: Part) -> Response:
        operation = performer.operation
        context = self.context._replace(operation_id=operation.operation_id, path=part.path)
        semantics = semantics_of(
            operation,
            performer.item_parameter,
            context,
            headers={} if part.if_match is None else {b"if-match": [part.if_match.encode("latin-1")]},
            query=b"",
            content=self._content(part),
        )
        arguments = {keyword: part.path[keyword] for keyword in operation.path_keywords}
        for place in ("query", "header", "cookie"):  # what has a default
            operation.parameters[place].read({}, arguments)
        if part.body is not None:
            arguments["body"] = part.body
        response = await performer.perform(self.uow, context, semantics, arguments, self.count)
        if response is None:
            return await performer.read_created(self.uow, performer.reading(context, semantics))
        if isinstance(response, Problem):
            raise Refused(response)
        return response

    def _content(self, part: Part) -> Any:  # JSON
        """The body of the part as plain data, if it has one."""
        if part.body is None:
            return None
        found = self.content
        for step in part.body_place:
            found = found[step]
        return found

    def _problem(self, part: Part, error: Exception) -> Problem:
        """The problem for *error*, with places in the whole body. Raises an error that is not about the part."""
        problem = error.response if isinstance(error, Refused) else self.whole.settings.translate(error)
        if problem is None or problem.status >= _SERVER_ERROR:
            raise error
        require_listed(self.whole.operation, problem, self.whole.settings)
        return _placed(problem, part)


def _placed(problem: Problem, part: Part) -> Problem:
    """*problem* with the places that its faults have in the whole body; without faults, one with that of the part."""
    faults = [
        replace(fault, place=pointer(part.body_place) + fault.place.removeprefix("#"))
        if fault.kind == "pointer"
        else replace(fault, kind="pointer", place=pointer(part.place))
        for fault in problem.faults
    ]
    about = Fault(problem.detail, problem.type.slug, place=pointer(part.place))
    return replace(problem, faults=faults or [about])
