"""What the engine refuses to serve, each by its sentence, and all at once."""

import copy
import dataclasses
import json
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import connexion.middleware.abstract
import pytest
import yaml

from tickbox_contract.engine.access import Vocabulary
from tickbox_contract.engine.mismatches import ContractMismatchError
from tickbox_contract.engine.operations import CompiledOperation, compile_operations
from tickbox_contract.handlers import find_handler, keyword_of
from tickbox_contract.openapi.document import Document
from tickbox_contract.responses import Response

from .sample import handlers as sample_handlers
from .sample.application import CONTRACT, VOCABULARY, build
from .sample.store import Store, UnitOfWork

PROBLEM = {"description": "p", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
HEADERS = {"WWW-Authenticate": {"schema": {"type": "string"}}}
PACKAGE = "made_up_handlers"


async def take_nothing(uow: UnitOfWork) -> Response:
    return Response(status=204)


async def take_a(uow: UnitOfWork, *, a: str = "") -> Response:
    return Response(status=204)


async def take_body(uow: UnitOfWork, *, body: object = None) -> Response:
    return Response(status=204)


def operation(**changes: Any) -> dict[str, Any]:
    """An operation with which nothing is wrong, with changes."""
    return {
        "operationId": "act",
        "tags": ["things"],
        "security": [],
        "responses": {"204": {"description": "d"}, "400": PROBLEM, "500": PROBLEM},
    } | changes


def query(schema: object, **more: object) -> dict[str, Any]:
    return operation(parameters=[{"name": "a", "in": "query", "schema": schema, **more}])


def document(paths: dict[str, Any], **components: Any) -> Document:
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "name": "k", "in": "query"}}
    root = {
        "openapi": "3.0.4",
        "info": {"title": "t", "version": "1"},
        "components": {"securitySchemes": schemes, **components},
        "paths": paths,
    }
    return Document.parse(json.dumps(root).encode())


@pytest.fixture
def package() -> Iterator[Callable[..., types.ModuleType]]:
    """Makes a package of handlers with one module, `things`."""

    def make(**functions: Any) -> types.ModuleType:
        made, things = types.ModuleType(PACKAGE), types.ModuleType(f"{PACKAGE}.things")
        made.__path__ = []
        vars(things).update(functions)
        sys.modules |= {PACKAGE: made, things.__name__: things}
        return made

    yield make
    for name in (PACKAGE, f"{PACKAGE}.things"):
        sys.modules.pop(name, None)


def mismatches(
    package: types.ModuleType, paths: dict[str, Any], *, policies: tuple[str, ...] = (), **components: Any
) -> tuple[str, ...]:
    vocabulary = dataclasses.replace(VOCABULARY, policies=policies)
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(document(paths, **components), package, vocabulary=vocabulary, body_limit_bytes=1)
    return caught.value.texts


def placed_mismatches(package: types.ModuleType, paths: dict[str, Any]) -> list[str]:
    """The lines of the message; their places are JSON pointers, as the document is JSON in one line."""
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(document(paths), package, vocabulary=VOCABULARY, body_limit_bytes=1)
    return str(caught.value).splitlines()[1:]


Make = Callable[..., types.ModuleType]


def test_an_operation_with_which_nothing_is_wrong_compiles(package: Make) -> None:
    compiled = compile_operations(
        document({"/a": {"get": operation()}}), package(act=take_nothing), vocabulary=Vocabulary(), body_limit_bytes=1
    )
    assert compiled["act"].safe


@pytest.mark.parametrize(("more", "safe"), [({}, False), ({"x-safe": True}, True)])
def test_a_post_changes_something_unless_it_says_otherwise(package: Make, more: dict[str, Any], *, safe: bool) -> None:
    root = document({"/a": {"post": operation() | more}})
    compiled = compile_operations(root, package(act=take_nothing), vocabulary=Vocabulary(), body_limit_bytes=1)
    assert compiled["act"].safe is safe


@pytest.mark.parametrize("components", [[], {"schemas": []}, {"securitySchemes": []}])
def test_a_wrong_form_is_reported_before_anything_relies_on_it(package: Make, components: object) -> None:
    root = document({"/a": {"get": operation()}}).root | {"components": components}
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(
            Document.parse(json.dumps(root).encode()), package(), vocabulary=VOCABULARY, body_limit_bytes=1
        )
    assert all("This must be an object." in text for text in caught.value.texts)


def test_a_schema_without_the_name_of_a_component_may_be_anything(package: Make) -> None:
    made = document({"/a": {"get": operation()}}, schemas={"$ref": "#/components/schemas/A", "A": {"type": "string"}})
    assert compile_operations(made, package(act=take_nothing), vocabulary=VOCABULARY, body_limit_bytes=1)


def test_lines_are_not_read_if_nothing_is_wrong(package: Make) -> None:
    made = document({"/a": {"get": operation()}})
    compile_operations(made, package(act=take_nothing), vocabulary=Vocabulary(), body_limit_bytes=1)
    assert "places" not in vars(made)


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ({"in": "query", "style": "pipeDelimited", "explode": True, "schema": {"type": "array"}},
         "query parameter 'a' has the style 'pipeDelimited' of arrays, which is not supported"),
        ({"in": "query", "style": "spaceDelimited", "schema": {"type": "string"}},
         "query parameter 'a' has the style 'spaceDelimited' of scalars, which is not supported"),
        ({"in": "query", "schema": {"type": "object"}},
         "query parameter 'a' has the style 'form' of objects, which is not supported"),
        ({"in": "query", "style": "deepObject", "schema": {"type": "string"}},
         "query parameter 'a' has the style 'deepObject' of scalars, which is not supported"),
        ({"in": "path", "style": "matrix", "required": True, "schema": {"type": "string"}},
         "path parameter 'a' has the style 'matrix' of scalars, which is not supported"),
        ({"in": "path", "style": "label", "required": True, "schema": {"type": "array"}},
         "path parameter 'a' has the style 'label' of arrays, which is not supported"),
        ({"in": "path", "required": True, "schema": {"type": "object"}},
         "path parameter 'a' has the style 'simple' of objects, which is not supported"),
        ({"in": "cookie", "schema": {"type": "array"}},
         "cookie parameter 'a' is an exploded array, which is not supported"),
        ({"in": "cookie", "schema": {"type": "object"}},
         "cookie parameter 'a' has the style 'form' of objects, which is not supported"),
        ({"in": "query", "content": {"application/json": {}}},
         "query parameter 'a' is described by `content`, which is not supported"),
        ({"in": "query", "schema": {"type": "array", "items": {"type": "array"}}},
         "query parameter 'a' has arrays inside, which is not supported"),
        ({"in": "header", "schema": {"type": "object", "properties": {"b": {"type": "object"}}}},
         "header parameter 'a' has objects inside, which is not supported"),
        ({"in": "query", "schema": {"oneOf": [{"type": "integer"}, {"type": "array"}]}},
         "query parameter 'a' has arrays inside, which is not supported"),
        ({"in": "query", "schema": {"type": "string", "pattern": "(?=a)"}},
         "the schema of parameter 'a' does not compile: "),
        ({"in": "query", "schema": {"type": "string", "default": 5}},
         "the default of parameter 'a' does not fit its schema"),
        ({"in": "query", "schema": {"type": "string", "default": "x"}},
         "the default of parameter 'a' does not fit its handler"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_not_supported_is_refused_by_name(
    package: Make, parameter: dict[str, Any], sentence: str
) -> None:
    async def act(uow: UnitOfWork, *, a: UUID) -> Response:
        return Response(status=204)

    path = "/{a}" if parameter["in"] == "path" else "/b"
    found = mismatches(package(act=act), {path: {"get": operation(parameters=[{"name": "a", **parameter}])}})
    assert any(line.startswith(f"act: {sentence}") for line in found), found


GUARDED = {"security": [{"bearer": []}], "x-access": {"scope": "read"}}
GUARDED_RESPONSES = {
    "204": {"description": "d"}, "400": PROBLEM, "500": PROBLEM, "401": PROBLEM | {"headers": HEADERS}, "403": PROBLEM,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"operationId": None}, ["GET /a: it needs an operationId"]),
        ({"tags": []}, ["act: it needs a tag"]),
        ({"tags": ["nope"]}, ["act: the handler made_up_handlers.nope.act is missing"]),
        ({"operationId": "nope"}, ["nope: the handler made_up_handlers.things.nope is missing"]),
        ({"security": None}, ["act does not say whether it needs a token: add `security`, or `security: []`"]),
        ({"x-access": {"scope": "read"}}, ["act needs no token and has x-access"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"scope": "nope"}},
         ["act: x-access names the unknown scope 'nope'"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"scope": "read", "role": "nope"}},
         ["act: x-access names the unknown role 'nope'"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"role": "keeper"}},
         ["act needs a token and has no x-access with a scope"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"scope": "read", "level": 1}},
         ["act: x-access must be {scope, role?}"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": "read"},
         ["act needs a token and has no x-access with a scope"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"scope": None}},
         ["act needs a token and has no x-access with a scope"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"scope": ["read"]}},
         ["act needs a token and has no x-access with a scope"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"scope": "read", "role": ["keeper"]}},
         ["act: x-access names the unknown role ['keeper']"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "security": [{"nope": []}]},
         ["there is no security scheme 'nope'"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "security": [{"key": []}]},
         ["act: the security scheme 'key' is not supported (http bearer is)"]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "security": [{"bearer": []}, {}]},
         ["act needs no token and has x-access", "act: a security requirement must name exactly one scheme"]),
        (GUARDED, [
            "act: the response 401 is not declared as application/problem+json",
            "act: the response 403 is not declared as application/problem+json",
            "act: the response 401 does not declare WWW-Authenticate",
        ]),
        (GUARDED | {"responses": GUARDED_RESPONSES, "x-access": {"scope": "read", "role": "keeper"}},
         ["act: the response 404 is not declared as application/problem+json"]),
        ({"responses": {"200": {"description": "d", "content": {"application/json": {}}}, "500": {"description": "d"}}},
         [f"act: the response {status} is not declared as application/problem+json" for status in (400, 406, 500)]),
        ({"responses": {"4XX": PROBLEM, "400": PROBLEM, "500": PROBLEM}},
         ["act declares the response '4XX', which is not a single status"]),
        ({"responses": {"400": PROBLEM, "406": PROBLEM, "500": PROBLEM, "200": {
            "description": "d", "content": {"text/event-stream": {}, "text/plain": {}}}}},
         ["act: the response 200 declares a stream and something else"]),
        ({"responses": {"400": PROBLEM, "500": PROBLEM, "204": {
            "description": "d", "headers": {"X": {"schema": {"type": "object"}}}}}},
         ["act: header X of response 204 has the type 'object', which is not supported"]),
    ],
)  # fmt: skip
def test_an_operation_that_cannot_be_served_is_refused(
    package: Make, changes: dict[str, Any], sentences: list[str]
) -> None:
    node = {key: value for key, value in operation(**changes).items() if value is not None}
    found = mismatches(package(act=take_nothing), {"/a": {"get": node}})
    assert list(found) == sentences


def responds_with(**changes: Any) -> dict[str, Any]:
    return {"204": {"description": "d"}, **{str(s): PROBLEM for s in (400, 413, 415, 422, 500)}, **changes}


def body(required: bool, **content: Any) -> dict[str, Any]:  # noqa: FBT001  # a word of the contract
    return {"requestBody": {"required": required, "content": content or {"application/json": {}}}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (body(required=True), "act: its handler does not take 'body'"),
        (body(required=True, **{"multipart/form-data": {"schema": {"type": "object"}}}),
         "act: the body cannot be served: multipart/form-data is not supported"),
        (body(required=True, **{"application/json": {"schema": {"pattern": "(?!a)"}}}),
         "act: the schema of the body application/json does not compile: "),
        ({"responses": responds_with(
            **{"204": {"description": "d", "headers": {"X": {"schema": {"pattern": "(?=a)"}}}}})},
         "act: the schema of header X of response 204 does not compile: "),
        ({"requestBody": {"content": {"application/json": {}}, "x-body-limit": "lots"}},
         "act: x-body-limit is not a number of bytes"),
    ],
)  # fmt: skip
def test_bodies_and_responses_that_cannot_be_served_are_refused(
    package: Make, changes: dict[str, Any], sentence: str
) -> None:
    node = operation(**{"responses": responds_with(), **changes})
    found = mismatches(package(act=take_nothing), {"/a": {"post": node}})
    assert any(line.startswith(sentence) for line in found), found


async def _needs_body(uow: UnitOfWork, *, body: object) -> Response:
    return Response(status=204)


async def _needs_a(uow: UnitOfWork, *, a: str) -> Response:
    return Response(status=204)


async def _takes_more(uow: UnitOfWork, *, a: str = "", b: str = "") -> Response:
    return Response(status=204)


async def _forgets_the_unit() -> Response:
    return Response(status=204)


def _is_synchronous(uow: UnitOfWork) -> Response:
    return Response(status=204)


@pytest.mark.parametrize(
    ("handler", "node", "sentence"),
    [
        (_is_synchronous, operation(), "its handler is not a coroutine function"),
        (_forgets_the_unit, operation(), "its handler does not take the unit of work"),
        (take_nothing, query({"type": "string"}), "its handler does not take 'a'"),
        (_takes_more, query({"type": "string"}), "its handler takes 'b', which the contract does not declare"),
        (_needs_a, query({"type": "string"}), "its handler needs 'a', which the contract lets clients leave out"),
        (_needs_body, operation(responses=responds_with(), **body(required=False)),
         "its handler needs 'body', which the contract lets clients leave out"),
        (take_a, operation(parameters=[
            {"name": "a", "in": "query", "schema": {"type": "string"}},
            {"name": "A", "in": "header", "schema": {"type": "string"}},
        ]), "its handler would get 'a' from 2 places"),
    ],
)  # fmt: skip
def test_a_handler_that_does_not_fit_is_refused(package: Make, handler: Any, node: Any, sentence: str) -> None:
    assert mismatches(package(act=handler), {"/a": {"post": node}}) == (f"act: {sentence}",)


@pytest.mark.parametrize("schema", [{"type": "string", "default": "x"}, {"type": "string", "default": None}])
def test_a_parameter_with_a_default_is_always_given(package: Make, schema: dict[str, Any]) -> None:
    compiled = compile_operations(
        document({"/a": {"get": query(schema)}}), package(act=_needs_a), vocabulary=VOCABULARY, body_limit_bytes=1
    )
    arguments: dict[str, Any] = {}
    assert compiled["act"].parameters["query"].read({}, arguments) == []
    assert arguments == {"a": schema["default"]}


def test_paths_that_cannot_be_served_are_refused(package: Make) -> None:
    in_path = {"in": "path", "required": True, "schema": {"type": "string"}}
    assert mismatches(
        package(act=take_nothing, do=take_a),
        {
            "/a-{x}": {"get": operation()},
            "/b/{a}": {"get": operation(operationId="do", parameters=[{"name": "a", **in_path}])},
            "/b/{c}": {"post": operation(operationId="make", parameters=[])},
        },
    ) == (
        "act does not declare the path parameter 'x'",
        "make does not declare the path parameter 'c'",
        "/b/{c}: this is the same path as /b/{a}",
        "act: the path segment 'a-{x}' mixes text and parameter, which is not supported",
        "make: the handler made_up_handlers.things.make is missing",
    )


def test_an_operation_id_that_is_used_twice_is_refused(package: Make) -> None:
    paths = {"/a": {"get": operation()}, "/b": {"get": operation()}}
    assert mismatches(package(act=take_nothing), paths) == ("the operationId 'act' is used twice",)


def test_all_that_is_wrong_is_reported_at_once_with_its_lines() -> None:
    root = copy.deepcopy(Document.read(CONTRACT).root)
    del root["paths"]["/livez"]
    root["paths"]["/notes"]["put"]["operationId"] = "put_notes"
    del root["paths"]["/stations"]["get"]["x-access"]
    text = yaml.safe_dump(root, sort_keys=False)
    written = text.splitlines()
    lines = {
        "get": written.index("    get:", written.index("  /stations:")) + 1,
        "put": written.index("    put:", written.index("  /notes:")) + 1,
    }
    with pytest.raises(ContractMismatchError) as caught:
        build(Store(), document=Document.parse(text.encode()))
    assert str(caught.value).splitlines() == [
        "the contract cannot be served:",
        f"  - line {lines['get']}: list_stations needs a token and has no x-access with a scope",
        f"  - line {lines['put']}: put_notes: the handler tests.contract.sample.handlers.notes.put_notes is missing",
        "  - tests.contract.sample.handlers.notes.put_note: this handler has no operation",
        "  - tests.contract.sample.handlers.system.check_liveness: this handler has no operation",
    ]


def test_a_document_that_is_not_openapi_is_refused() -> None:
    root = copy.deepcopy(Document.read(CONTRACT).root)
    del root["info"]
    with pytest.raises(ContractMismatchError) as caught:
        build(Store(), document=Document.parse(json.dumps(root).encode()))
    assert caught.value.texts == ("info: This property is required.",)


def test_a_handlers_own_missing_import_is_not_hidden(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_handlers").mkdir()
    (tmp_path / "broken_handlers" / "__init__.py").touch()
    (tmp_path / "broken_handlers" / "things.py").write_text("import there_is_no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    package = __import__("broken_handlers")
    with pytest.raises(ModuleNotFoundError, match="there_is_no_such_module"):
        find_handler(package, "things", "act")


def test_a_handler_is_found_by_tag_and_name() -> None:
    found = find_handler(sample_handlers, "system", "check_liveness")
    assert found is not None
    assert found.__name__ == "check_liveness"


def test_references_that_lead_nowhere_are_named_all_at_once(package: Make) -> None:
    node = operation(
        parameters=[{"$ref": "#/components/parameters/NoParameter"}],
        responses=responds_with(**{"200": {"$ref": "#/components/responses/NoAnswer"}}),
        requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/NoSchema"}}}},
    )
    found = placed_mismatches(package(act=take_nothing), {"/a": {"post": node}})
    here = "#/paths/~1a/post/requestBody/content/application~1json/schema"
    assert set(found) == {
        "  - #/paths/~1a/post/parameters/0: #/components/parameters/NoParameter leads nowhere",
        "  - #/paths/~1a/post/responses/200: #/components/responses/NoAnswer leads nowhere",
        f"  - {here}: #/components/schemas/NoSchema leads nowhere",
    }


def test_one_list_has_everything_that_is_wrong(package: Make) -> None:
    """A server with a path hid all the rest, and so did a reference that led nowhere."""
    paths = {
        "/a": {"get": operation(parameters=[{"$ref": "#/components/parameters/No"}], tags=[])},
        "/b": {
            "get": operation(operationId="do", responses={"204": {"description": "d"}}),
            "servers": [{"url": "/v1"}],
        },
        "/c": {"$ref": "#/components/x-paths/No"},
        "/d": {"get": query({"$ref": "#/components/schemas/Endless"}, required=True) | {"operationId": "seek"}},
    }
    root = document(paths, schemas={"Endless": {"allOf": [{"$ref": "#/components/schemas/Endless"}]}}).root
    root["servers"] = [{"url": "https://a.example/api"}, {"url": "https://[::1"}]
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(
            Document(b"", root), package(do=take_nothing, seek=take_a), vocabulary=Vocabulary(), body_limit_bytes=1
        )
    assert str(caught.value).splitlines()[1:] == [
        "  - #/paths/~1a/get/parameters/0: #/components/parameters/No leads nowhere",
        "  - #/paths/~1c: #/components/x-paths/No leads nowhere",
        "  - #/servers/0/url: this server has a path: write it into the paths",
        "  - #/servers/1/url: the URL of this server is not valid",
        "  - #/paths/~1b/servers/0/url: this server has a path: write it into the paths",
        "  - #/components/schemas/Endless: this schema has itself among its parts",
        "  - #/paths/~1a/get: act: it needs a tag",
        "  - #/paths/~1b/get: do: the response 400 is not declared as application/problem+json",
        "  - #/paths/~1b/get: do: the response 500 is not declared as application/problem+json",
    ]


@pytest.mark.parametrize("more", [{}, body(required=True)])
def test_an_operation_with_something_broken_is_left_out(package: Make, more: dict[str, Any]) -> None:
    node = query({"$ref": "#/components/schemas/No"}) | more
    found = placed_mismatches(package(act=take_a), {"/a": {"get": node}})
    assert found == ["  - #/paths/~1a/get/parameters/0/schema: #/components/schemas/No leads nowhere"]


def test_what_hangs_together_with_something_broken_is_not_reported_twice(package: Make) -> None:
    condition = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
    responses = operation()["responses"] | {"200": {"$ref": "#/components/responses/No"}}
    paths = {
        "/a": {
            "get": operation(operationId="read", responses=responses),
            "delete": operation(parameters=[condition], responses=operation()["responses"] | {"412": PROBLEM}),
        }
    }
    found = placed_mismatches(package(act=take_nothing, read=take_nothing), paths)
    assert found == ["  - #/paths/~1a/get/responses/200: #/components/responses/No leads nowhere"]


@pytest.mark.parametrize(
    ("name", "place", "keyword"),
    [
        ("from", "query", "from_"), ("class", "query", "class_"), ("None", "query", "None_"),
        ("From", "header", "from_"),
        ("body", "query", "body_"), ("Body", "header", "body_"), ("2fa", "query", "_2fa"),
        ("$filter", "query", "_filter"),
        ("a.b[]", "query", "a_b__"), ("page-size", "query", "page_size"), ("X-Trace", "header", "x_trace"),
        ("größe", "query", "größe"), ("\ufb01x", "query", "fix"), ("match", "query", "match"), ("-", "query", "_"),
        ("true", "query", "true"),
    ],
)  # fmt: skip
def test_a_parameter_has_a_keyword_whatever_it_is_called(name: str, place: str, keyword: str) -> None:
    assert keyword_of(name, place) == keyword
    compile(f"def act(work, *, {keyword}): ...", "", "exec")


def test_a_keyword_that_differs_from_the_name_is_explained(package: Make) -> None:
    parameters = [{"name": "from", "in": "query", "schema": {"type": "string"}}]
    found = mismatches(package(act=take_nothing), {"/a": {"get": operation(parameters=parameters)}})
    assert found == ("act: its handler does not take 'from_' (the query parameter 'from')",)


def test_what_connexion_registers_is_compared_with_what_was_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connexion.middleware.abstract, "METHODS", {"get"})
    with pytest.raises(ContractMismatchError) as caught:
        build(Store())
    assert "create_station: Connexion does not register it" in caught.value.texts


def test_the_stack_is_built_at_start_up() -> None:
    """It was built for the first request, so that what Connexion cannot register was a plain-text 500 for each."""
    application = build(Store())
    assert application.middleware_stack is not None


def test_a_server_with_a_path_is_refused(package: Make) -> None:
    root = document({"/a": {"get": operation()}}).root | {"servers": [{"url": "/"}, {"url": "https://a.example/api"}]}
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(Document(b"", root), package(act=take_nothing), vocabulary=Vocabulary(), body_limit_bytes=1)
    assert caught.value.texts == ("this server has a path: write it into the paths",)


@pytest.mark.parametrize(
    ("path", "access"),
    [("/a", {"scope": "read", "role": "owner"}), ("/{place}", {"scope": "read"})],
)
def test_a_role_is_named_exactly_where_the_path_says_where_it_is_held(
    package: Make, path: str, access: dict[str, str]
) -> None:
    async def take_place(uow: object, place: str = "") -> None: ...

    vocabulary = Vocabulary(roles=("viewer", "owner"), scopes=("read",), role_parameter="place")
    where = {"name": "place", "in": "path", "required": True, "schema": {"type": "string"}}
    node = operation(**{"x-access": access, "security": [{"bearer": []}]}) | (
        {"parameters": [where]} if "{" in path else {}
    )
    made = document({path: {"get": node}}, securitySchemes={"bearer": {"type": "http", "scheme": "bearer"}})
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(made, package(act=take_place), vocabulary=vocabulary, body_limit_bytes=1)
    assert "act: x-access must name a role if, and only if, the path has {place}" in caught.value.texts


def compiled_at(path: str, package: types.ModuleType) -> CompiledOperation:
    """The operation at *path*, which needs a role at `{place}`."""
    names = [step.strip("{}") for step in path.split("/") if step.startswith("{")]
    refused = {"401": {**PROBLEM, "headers": HEADERS}, "403": PROBLEM, "404": PROBLEM}
    node = operation(
        **{"x-access": {"scope": "read", "role": "owner"}, "security": [{"bearer": []}]},
        parameters=[{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names],
        responses={"204": {"description": "d"}, "400": PROBLEM, "500": PROBLEM, **refused},
    )
    held = Vocabulary(roles=("owner",), scopes=("read",), role_parameter="place", role_parameter_type=UUID)
    return compile_operations(document({path: {"get": node}}), package, vocabulary=held, body_limit_bytes=1)["act"]


async def _takes_place(uow: UnitOfWork, *, place: UUID) -> Response:
    return Response(status=204)


@pytest.mark.parametrize(("handler", "given"), [(take_nothing, ()), (_takes_place, ("place",))])
def test_a_handler_may_leave_out_the_parameter_that_says_where_a_role_is_held(
    package: Make, handler: Any, given: tuple[str, ...]
) -> None:
    act = compiled_at("/{place}", package(act=handler))
    assert act.path_keywords == given
    found: dict[str, Any] = {}
    assert act.parameters["path"].read({"place": [str(UUID(int=1))]}, found) == []
    assert found == {"place": UUID(int=1)}


def test_a_handler_may_leave_out_no_other_parameter_of_the_path(package: Make) -> None:
    with pytest.raises(ContractMismatchError) as caught:
        compiled_at("/{place}/{a}", package(act=take_nothing))
    assert caught.value.texts == ("act: its handler does not take 'a'",)


def test_what_does_not_hang_together_is_named_with_the_rest(package: Make) -> None:
    condition = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
    found = mismatches(package(act=take_nothing), {"/a": {"delete": operation(parameters=[condition])}})
    assert "act: it takes If-Match, and there is no GET of what it changes" in found


def test_what_the_handler_lacks_is_named_beside_other_faults(package: Make) -> None:
    node = operation(responses={"4XX": PROBLEM, "400": PROBLEM, "500": PROBLEM})
    found = mismatches(package(act=take_a), {"/a": {"get": node}})
    assert "act: its handler takes 'a', which the contract does not declare" in found
    assert "act declares the response '4XX', which is not a single status" in found


def test_a_parameter_that_cannot_be_read_is_not_said_to_be_missing(package: Make) -> None:
    found = mismatches(package(act=take_a), {"/a": {"get": query({"type": "integer", "default": "x"})}})
    assert found == ("act: the default of parameter 'a' does not fit its schema",)


def test_a_property_with_the_name_of_a_mark_is_not_a_mark(package: Make) -> None:
    text = {"type": "string"}
    thing = {"type": "object", "properties": {"x-changed-by": text, "x-secret": text}, "example": {"x-changed-by": 1}}
    returned = {
        "200": {"description": "d", "content": {"application/json": {"schema": thing, "example": {"$ref": "#/a"}}}}
    }
    key = {"name": "Idempotency-Key", "in": "header", "schema": text}
    found = mismatches(package(act=take_nothing), {"/a": {"post": operation(parameters=[key], responses=returned)}})
    assert [line for line in found if "x-changed-by" in line or "secret" in line or "$ref" in line] == []
    assert "act: it takes an Idempotency-Key and no token: a key belongs to a caller" in found


@pytest.mark.parametrize(
    ("named", "sentences"),
    [
        (["act"], ()),
        (["act", "paint"], ("x-changed-by names 'paint', which is not an operation",)),
        (["take_nothing"], ("x-changed-by names 'take_nothing', which is not an operation",)),
        ([], ("x-changed-by must be a list of operations",)),
        ("act", ("x-changed-by must be a list of operations",)),
        ([["act"]], ("x-changed-by names \"['act']\", which is not an operation",)),
        (None, ("x-changed-by must be a list of operations",)),
    ],
)
def test_what_changes_a_property_is_an_operation(package: Make, named: object, sentences: tuple[str, ...]) -> None:
    thing = {"properties": {"colour": {"x-changed-by": named}}}
    returned = {"200": {"description": "d", "content": {"application/json": {"schema": thing}}}}
    body: dict[str, Any] = {"content": {"application/json": {"schema": {}}}}
    problems = dict.fromkeys(("400", "406", "413", "415", "422", "500"), PROBLEM)
    node = operation(responses={**returned, **problems}, requestBody=body)
    made = package(act=take_body)
    if sentences:
        assert mismatches(made, {"/a": {"post": node}}) == sentences
    else:
        compile_operations(document({"/a": {"post": node}}), made, vocabulary=Vocabulary(), body_limit_bytes=1)


def test_one_pattern_has_one_sentence(package: Make) -> None:
    said = [{"pattern": "^a$", "x-pattern-says": sentence} for sentence in ("An a.", "An a.", "A vowel.")]
    schemas = {"Thing": {"allOf": said}, "Other": {"pattern": "^b$", "x-pattern-says": "A b."}}
    found = mismatches(package(act=take_nothing), {"/a": {"get": operation()}}, schemas=schemas)
    assert found == ("the pattern '^a$' has x-pattern-says with different sentences",)


@pytest.mark.parametrize("policies", [(), ("default",)])
@pytest.mark.parametrize("named", ["tight", ["default"], 7])
def test_a_policy_that_nobody_knows_is_refused(package: Make, policies: tuple[str, ...], named: object) -> None:
    node = operation(**{"x-rate-limit": named})
    found = mismatches(package(act=take_nothing), {"/a": {"get": node}}, policies=policies)
    assert found == (f"act: x-rate-limit names the unknown policy {named!r}",)


@pytest.mark.parametrize("named", [{}, {"x-rate-limit": "tight"}])
def test_each_response_of_a_limited_operation_must_declare_the_limit(package: Make, named: dict[str, str]) -> None:
    limits = {"RateLimit": {"schema": {"type": "string"}}, "ratelimit-policy": {"schema": {"type": "string"}}}
    responses = operation()["responses"] | {status: PROBLEM | {"headers": limits} for status in ("400", "429")}
    node = operation(responses=responses, **named)
    assert mismatches(package(act=take_nothing), {"/a": {"get": node}}, policies=("default", "tight")) == (
        "act: the response 204 does not declare RateLimit",
        "act: the response 204 does not declare RateLimit-Policy",
        "act: the response 429 does not declare Retry-After",
        "act: the response 500 does not declare RateLimit",
        "act: the response 500 does not declare RateLimit-Policy",
    )


def test_a_limited_operation_must_declare_that_it_refuses(package: Make) -> None:
    found = mismatches(package(act=take_nothing), {"/a": {"get": operation()}}, policies=("default",))
    assert found[0] == "act: the response 429 is not declared as application/problem+json"


@pytest.mark.parametrize(("policies", "named"), [((), {}), (("default",), {"x-rate-limit": "none"})])
def test_an_operation_that_is_not_limited_need_not_declare_a_limit(
    package: Make, policies: tuple[str, ...], named: dict[str, str]
) -> None:
    compiled = compile_operations(
        document({"/a": {"get": operation(**named)}}),
        package(act=take_nothing),
        vocabulary=Vocabulary(policies=policies),
        body_limit_bytes=1,
    )
    assert compiled["act"].policy is None
