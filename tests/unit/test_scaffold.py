"""`tickbox scaffold`, in a folder that is laid out like a checkout."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from app.scaffolding.scaffold import ScaffoldError, scaffold

PROBLEM = {"description": "A problem."}


def node(operation_id: str, status: str = "200", returned: str = "Box", **more: object) -> dict[str, object]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{returned}"}}} if returned else {}
    response = {"description": "The box.", "content": content} if returned else {"description": "It is gone."}
    return {
        "operationId": operation_id,
        "tags": ["boxes"],
        "summary": "Do it",
        "responses": {status: response, "400": PROBLEM},
        **more,
    }


def body(name: str) -> dict[str, object]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def parameter(name: str, place: str = "path", **schema: object) -> dict[str, object]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema or {"type": "string", "format": "uuid"},
    }


PLACE, ONE = parameter("workspace_id"), parameter("box_id")
CONTRACT = {
    "openapi": "3.0.4",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/w/{workspace_id}/boxes": {
            "parameters": [PLACE],
            "get": node(
                "list_boxes",
                returned="BoxPage",
                parameters=[
                    parameter("full", "query", type="boolean", default=False),
                    parameter("cursor", "query", type="string"),
                    parameter("If-None-Match", "header", type="string"),
                ],
            ),
            "post": node("create_box", "201", requestBody=body("BoxCreate")),
        },
        "/w/{workspace_id}/boxes/{box_id}": {
            "parameters": [PLACE, ONE],
            "get": node("get_box"),
            "patch": node("update_box", requestBody=body("BoxPatch")),
            "delete": node("delete_box", "204", returned=""),
        },
        "/w/{workspace_id}/boxes/{box_id}/copy": {
            "parameters": [PLACE, ONE],
            "post": node("copy_box", "201"),
        },
    },
    "components": {
        "schemas": {
            "Box": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}},
            "BoxPage": {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object"}}}},
            "BoxCreate": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "name": {"type": "string"},
                    "built": {"type": "string", "format": "date"},
                    "books": {"type": "array", "items": {"type": "string", "format": "uuid"}},
                },
            },
            "BoxPatch": {"type": "object", "properties": {"name": {"type": "string"}}},
        }
    },
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("spec", "handlers", "domain/model", "tests/unit"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "spec" / "openapi.yaml").write_text(yaml.safe_dump(CONTRACT, sort_keys=False))
    (tmp_path / "domain" / "model" / "boxes.py").write_text("class Box:\n    pass\n")
    return tmp_path


def stubs(root: Path, operation_id: str) -> list[str]:
    return list(scaffold(operation_id, contract=root / "spec" / "openapi.yaml", root=root))


def function(path: Path, name: str) -> str:
    (found,) = [each for each in ast.parse(path.read_text()).body if getattr(each, "name", "") == name]
    return ast.unparse(found)


@pytest.mark.parametrize(
    ("operation_id", "handler", "service"),
    [
        (
            "list_boxes",
            (
                '(uow: UnitOfWork, full: bool, cursor: str | None=None) -> Response:\n    """200: the box."""\n'
                "    return ok(await boxes.page(uow, full=full, cursor=cursor))"
            ),
            "page(uow: UnitOfWork, *, full: bool, cursor: str | None=None) -> Page[Box]:",
        ),
        (
            "create_box",
            (
                '(uow: UnitOfWork, workspace_id: UUID, body: BoxCreate) -> Response:\n    """201: the box."""\n'
                "    box = await boxes.create(uow, box_id=sent(body.id, default=None), name=body.name,"
                " built=sent(body.built, default=None), books=sent(body.books, default=None))\n"
                "    return created(box, location=f'/w/{workspace_id}/boxes/{box.id}')"
            ),
            (
                "create(uow: UnitOfWork, *, name: str, box_id: UUID | None=None, built: dt.date | None=None,"
                " books: list[UUID] | None=None) -> Box:"
            ),
        ),
        (
            "update_box",
            (
                '(uow: UnitOfWork, box_id: UUID, body: BoxPatch) -> Response:\n    """200: the box."""\n'
                "    return ok(await boxes.update(uow, box_id, name=patched(body.name)))"
            ),
            "update(uow: UnitOfWork, box_id: UUID, *, name: str | Unset=UNSET) -> Box:",
        ),
        (
            "delete_box",
            (
                '(uow: UnitOfWork, box_id: UUID) -> Response:\n    """204: it is gone."""\n'
                "    await boxes.delete(uow, box_id)\n    return no_content()"
            ),
            "delete(uow: UnitOfWork, box_id: UUID) -> None:",
        ),
        (
            "copy_box",
            (
                '(uow: UnitOfWork, workspace_id: UUID, box_id: UUID) -> Response:\n    """201: the box."""\n'
                "    box = await boxes.copy(uow, box_id)\n"
                "    return created(box, location=f'/w/{workspace_id}/boxes/{box.id}')"
            ),
            "copy(uow: UnitOfWork, box_id: UUID) -> Box:",
        ),
    ],
)
def test_stubs_have_the_types_of_the_contract(root: Path, operation_id: str, handler: str, service: str) -> None:
    assert stubs(root, operation_id) == [
        f"handlers/boxes.py: {operation_id} was added",
        f"domain/boxes.py: {service.partition('(')[0]} was added",
        f"tests/unit/test_boxes.py: test_{operation_id} was added",
    ]
    assert function(root / "handlers" / "boxes.py", operation_id) == f"async def {operation_id}{handler}"
    stub = function(root / "domain" / "boxes.py", service.partition("(")[0])
    assert stub == f'async def {service}\n    """Do it: this is a stub."""\n    raise NotImplementedError'


def test_handlers_and_services_come_in_the_order_of_the_contract(root: Path) -> None:
    for operation_id in ("get_box", "delete_box", "list_boxes", "create_box"):
        stubs(root, operation_id)
    names = [getattr(each, "name", "") for each in ast.parse((root / "handlers" / "boxes.py").read_text()).body]
    assert [name for name in names if name] == ["list_boxes", "create_box", "get_box", "delete_box"]
    names = [getattr(each, "name", "") for each in ast.parse((root / "domain" / "boxes.py").read_text()).body]
    assert [name for name in names if name] == ["page", "create", "get", "delete"]


def test_a_view_beside_the_handler_is_used(root: Path) -> None:
    (root / "handlers" / "boxes.py").write_text("def box_view(box):\n    return box\n")
    stubs(root, "list_boxes")
    assert "page_view(await boxes.page(uow, full=full, cursor=cursor), box_view)" in function(
        root / "handlers" / "boxes.py", "list_boxes"
    )


def test_existing_functions_are_not_changed(root: Path) -> None:
    service, test = root / "domain" / "boxes.py", root / "tests" / "unit" / "test_boxes.py"
    service.write_text("async def get() -> None: ...\n")
    test.write_text("async def test_get_box() -> None: ...\n")
    assert stubs(root, "get_box")[1:] == [
        "domain/boxes.py: get exists, and stays as it is",
        "tests/unit/test_boxes.py: test_get_box exists, and stays as it is",
    ]
    assert [function(service, "get"), function(test, "test_get_box")] == [
        "async def get() -> None:\n    ...",
        "async def test_get_box() -> None:\n    ...",
    ]
    with pytest.raises(ScaffoldError, match=r"handlers/boxes\.py has get_box already"):
        stubs(root, "get_box")


def test_an_operation_that_is_not_in_the_contract_has_no_stubs(root: Path) -> None:
    with pytest.raises(ScaffoldError, match="burn_box is not in the contract"):
        stubs(root, "burn_box")


def test_an_installed_server_writes_nothing(root: Path) -> None:
    (root / "tests" / "unit").rmdir()
    with pytest.raises(ScaffoldError, match="is not a checkout"):
        stubs(root, "get_box")
    assert not (root / "handlers" / "boxes.py").exists()
