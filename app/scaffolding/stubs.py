"""The stubs of one operation: its handler, its service and a unit test, with the types that the contract gives."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from tickbox_contract.handlers import keyword_of
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.nodes import NOTHING, Node
from tickbox_contract.openapi.operations import Operation

_ENGINES: Final = {"if-match", "if-none-match", "idempotency-key"}
"""Headers that the engine acts upon, and no handler gets."""
_ROLE_PARAMETER: Final = "workspace_id"
_TYPES: Final[Mapping[tuple[str, str], str]] = {
    ("string", "uuid"): "UUID",
    ("string", "date-time"): "dt.datetime",
    ("string", "date"): "dt.date",
    ("string", ""): "str",
    ("integer", ""): "int",
    ("number", ""): "float",
    ("boolean", ""): "bool",
}
_IMPORTS: Final[Mapping[str, str]] = {
    "UUID": "from uuid import UUID",
    "dt": "import datetime as dt",
    "Any": "from typing import Any",
    "UnitOfWork": "from domain.unit_of_work import UnitOfWork",
    "UNSET": "from domain.unset import UNSET",
    "Unset": "from domain.unset import Unset",
    "Page": "from domain.pages import Page",
    "page_view": "from handlers.pages import page_view",
    "patched": "from handlers.patches import patched",
    "sent": "from handlers.patches import sent",
    "Response": "from tickbox_contract.responses import Response",
    "accepted": "from tickbox_contract.responses import accepted",
    "created": "from tickbox_contract.responses import created",
    "no_content": "from tickbox_contract.responses import no_content",
    "ok": "from tickbox_contract.responses import ok",
    "pytest": "import pytest",
    "FakeUnitOfWork": "from tests.support.fakes.unit_of_work import FakeUnitOfWork",
}
_SAMPLES: Final[Mapping[str, str]] = {
    "UUID": "uow.new_id()",
    "str": '"text"',
    "int": "1",
    "float": "1.0",
    "bool": "False",
}


@dataclass(frozen=True, slots=True)
class Function:
    """The text of a function, and the imports that it needs."""

    name: str
    text: str
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Argument:
    """An argument of a handler or a service. `default` is empty if it has none."""

    name: str
    type: str
    default: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.type}" + (f" = {self.default}" if self.default else "")


@dataclass(frozen=True)
class Stubs:
    """The stubs of *operation*.

    *entities* are the classes of its tag's model, *views* the functions beside its handler.
    """

    document: Document
    operation: Operation
    entities: Collection[str]
    views: Collection[str]

    @property
    def tag(self) -> str:
        """The operation's tag, which names its modules."""
        return str((self.operation.node.get("tags") or [""])[0])

    def service_of(self, operation_id: str) -> str:
        """What a service is called: `create` for `create_project` in `domain.projects`, `page` for a list."""
        things = (self.tag, re.sub("s$", "", self.tag), re.sub("es$", "", self.tag), re.sub("ies$", "y", self.tag))
        name = re.sub(rf"_({'|'.join(things)})$", "", operation_id)
        return "page" if name == "list" else name

    def handler(self) -> Function:
        """The handler, which is complete but for what its view does not say."""
        name, status = self.operation.name, self._status
        call = f"await {self.tag}.{self.service_of(name)}({', '.join(('uow', *self._passed()))})"
        if status == "204" or not self._schema_name:
            body = [f"    {call}", f"    return {'accepted()' if status == '202' else 'no_content()'}"]
        elif status == "201":
            body = [
                f"    {self._noun} = {call}",
                f"    return created({self._view(self._noun)}, location={self._location})",
            ]
        else:
            body = [f"    return ok({self._view(call)})"]
        text = "\n".join((
            _signature(name, map(str, self._handler_arguments), returned="Response"),
            f'    """{status}: {self._describe()}"""',
            *body,
        ))  # fmt: skip
        own = [
            f"from domain import {self.tag}",
            *([f"from spec.models import {self._body_name}"] if self._body_name else []),
        ]
        return Function(name, text, (*own, *_imports(text)))

    def service(self) -> Function:
        """The service, which is to be written."""
        name = self.service_of(self.operation.name)
        positional, keywords = self._path_arguments, self._keyword_arguments
        text = "\n".join((
            _signature(name, map(str, (*positional, *(["*"] if keywords else []), *keywords)), returned=self._returned),
            f'    """{self.operation.node.get("summary")}: this is a stub."""',
            "    raise NotImplementedError",
        ))  # fmt: skip
        own = [f"from domain.model.{self.tag} import {self._entity}"] if self._entity != "Any" else []
        return Function(name, text, (*own, *_imports(text)))

    def test(self) -> Function:
        """A unit test, which fails until somebody says what is to be asserted."""
        name = f"test_{self.operation.name}"
        given = [_SAMPLES.get(argument.type, "None") for argument in self._path_arguments]
        given += [
            f"{each.name}={_SAMPLES.get(each.type, 'None')}" for each in self._keyword_arguments if not each.default
        ]
        service = f"{self.tag}.{self.service_of(self.operation.name)}"
        text = "\n".join((
            f"async def {name}(uow: FakeUnitOfWork) -> None:",
            f"    await {service}({', '.join(('uow.unit()', *given))})",
            '    pytest.fail("assert what a user could see, and give the test a sentence as its name")',
        ))  # fmt: skip
        return Function(name, text, (f"from domain import {self.tag}", *_imports(text)))

    @cached_property
    def _status(self) -> str:
        """The first success; of an operation that creates, the 201."""
        found = [status for status, _ in self.operation.successes()]
        return "201" if "201" in found else found[0]

    @cached_property
    def _schema_name(self) -> str:
        """The component that a success returns; empty if there is none."""
        schema = self.document.json_schema(self.operation.responses[self._status])
        return str(schema.get("$ref") or "").rpartition("/")[2]

    @property
    def _is_page(self) -> bool:
        return self._schema_name.endswith("Page")

    @property
    def _noun(self) -> str:
        return _snake(self._schema_name.removesuffix("Page")) or "found"

    @property
    def _entity(self) -> str:
        name = self._schema_name.removesuffix("Page")
        return name if name in self.entities else "Any"

    @property
    def _returned(self) -> str:
        if not self._schema_name:
            return "None"
        return f"Page[{self._entity}]" if self._is_page else self._entity

    def _view(self, value: str) -> str:
        """*value* through the view of its schema, if there is one."""
        view = f"{self._noun}_view"
        if view not in self.views:
            return value
        return f"page_view({value}, {view})" if self._is_page else f"{view}({value})"

    @property
    def _location(self) -> str:
        """The path of what was created: below the operation's path, or, for an action, that of what it is about."""
        target = self.document.target_of(self.operation)
        path = f"{self.operation.path}/{{}}" if target is None else target.path
        return f'f"{re.sub(r"{[^{}]*}$", f"{{{self._noun}.id}}", path)}"'

    def _describe(self) -> str:
        text = " ".join(str(self.operation.responses[self._status].get("description")).split())
        return text[:1].lower() + text[1:]

    @property
    def _handler_arguments(self) -> Iterator[_Argument]:
        """What must be given comes first. The role parameter is left out unless it is needed for the location."""
        found = [self._parameter(node) for node in self.operation.parameters if self._is_handlers(node)]
        if self._body_name:
            found.append(_Argument(name="body", type=self._body_name))
        return iter(sorted(found, key=lambda argument: bool(argument.default)))

    def _is_handlers(self, node: Node) -> bool:
        if node.get("in") == "path" and node.get("name") == _ROLE_PARAMETER:
            return self._status == "201"
        return str(node.get("name")).lower() not in _ENGINES

    def _parameter(self, node: Node) -> _Argument:
        schema = self.document.follow(node.at("schema"))
        name, kind = keyword_of(str(node.get("name")), str(node.get("in"))), self._type(schema)
        if node.get("required") or "default" in schema.value:
            return _Argument(name=name, type=kind)
        return _Argument(name=name, type=f"{kind} | None", default="None")

    @cached_property
    def _path_arguments(self) -> list[_Argument]:
        nodes = [node for node in self.operation.parameters if node.get("in") == "path"]
        return [self._parameter(node) for node in nodes if node.get("name") != _ROLE_PARAMETER]

    @cached_property
    def _keyword_arguments(self) -> list[_Argument]:
        nodes = [node for node in self.operation.parameters if node.get("in") != "path" and self._is_handlers(node)]
        properties = (argument for argument, _ in self._properties())
        return sorted([*map(self._parameter, nodes), *properties], key=lambda argument: bool(argument.default))

    def _passed(self) -> Iterator[str]:
        """What the handler gives to the service."""
        yield from (argument.name for argument in self._path_arguments)
        nodes = [node for node in self.operation.parameters if node.get("in") != "path" and self._is_handlers(node)]
        yield from (f"{argument.name}={argument.name}" for argument in map(self._parameter, nodes))
        yield from (f"{argument.name}={value}" for argument, value in self._properties())

    def _properties(self) -> Iterator[tuple[_Argument, str]]:
        """The properties of the body as arguments of the service, each with what the handler gives for it."""
        schema = self.document.json_schema(self.operation.body)
        required = self.document.required(schema)
        for name, node in self.document.properties(schema).items():
            keyword = f"{self._noun}_id" if name == "id" else keyword_of(name, "body")
            kind, value = self._type(node), f"body.{keyword_of(name, 'body')}"
            if self.operation.method == "patch":
                yield _Argument(name=keyword, type=f"{kind} | Unset", default="UNSET"), f"patched({value})"
            elif name in required:
                yield _Argument(name=keyword, type=kind), value
            else:
                yield _Argument(name=keyword, type=f"{kind} | None", default="None"), f"sent({value}, default=None)"

    @cached_property
    def _body_name(self) -> str:
        """The component that is the operation's body; empty if it has none."""
        schema = self.document.json_schema(self.operation.body) if self.operation.has_body else NOTHING
        return str(schema.get("$ref") or "").rpartition("/")[2]

    def _type(self, schema: Node) -> str:
        kind, form = str(schema.get("type")), str(schema.get("format") or "")
        if kind == "array":
            return f"list[{self._type(self.document.follow(schema.at('items')))}]"
        if "enum" in schema.value:
            return "Any"  # the domain has a name for it
        return _TYPES.get((kind, form)) or _TYPES.get((kind, ""), "Any")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _signature(name: str, arguments: Iterable[str], *, returned: str) -> str:
    """The first line or lines of a function, as far as ruff does not break them."""
    given = ["uow: UnitOfWork", *arguments]
    if "*" in given or not any(argument.endswith(": bool") for argument in given):
        return f"async def {name}({', '.join(given)}) -> {returned}:"
    reason = "  # noqa: FBT001  # the engine passes it by its name"
    lines = (f"    {argument},{reason if argument.endswith(': bool') else ''}" for argument in given)
    return "\n".join((f"async def {name}(", *lines, f") -> {returned}:"))


def _imports(text: str) -> Iterator[str]:
    """What the names in *text* need."""
    words: Any = set(re.findall(r"\w+", text))
    yield from (line for name, line in _IMPORTS.items() if name in words)
