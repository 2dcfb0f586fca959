"""Generates `spec/models.py` and `spec/responses.py` from the contract, or, with `--check`, compares them.

Request bodies become pydantic models, because they are parsed; responses become TypedDicts, because they are
built, encoded and then checked as bytes. What is `x-secret` in a request becomes a `SecretStr`, which no log shows.
A named enum is written out where it is used: the application has names of its own for them. Only the types go into
them: limits and patterns are only in the contract, and the engine has checked them before a model is created.
Needs the development dependencies.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from datamodel_code_generator.__main__ import main as run_generator

HERE = Path(__file__).parent
CONTRACT = HERE / "openapi.yaml"
HEADER = '"""{}, generated from the contract by `make models`. Do not edit."""'

Json = Any  # a parsed YAML value: its shape is the OpenAPI specification's, not ours

TYPE_KEYWORDS = frozenset({"type", "format", "nullable", "enum", "required", "additionalProperties", "$ref"})
COMMON = (
    *("--input-file-type", "openapi"),
    *("--target-python-version", "3.11"),
    *("--type-mappings", "string+email=string", "string+uri=string"),
    *("--formatters", "ruff-check", "ruff-format"),
    *("--encoding", "utf-8"),
    "--strict-nullable",
    *("--enum-field-as-literal", "all"),
    "--use-schema-description",
    "--use-double-quotes",
    "--use-object-type",
    "--disable-timestamp",
)
REQUESTS = (
    *("--output-model-type", "pydantic_v2.BaseModel"),
    *("--target-pydantic-version", "2.14"),
    "--use-missing-sentinel",
    "--use-annotated",
    "--enable-faux-immutability",
    *("--custom-file-header", HEADER.format("The request bodies as pydantic models")),
)
RESPONSES = (
    *("--output-model-type", "typing.TypedDict"),
    "--use-standard-primitive-types",
    *("--output-datetime-class", "datetime"),
    *("--output-date-class", "date"),
    *("--custom-file-header", HEADER.format("The bodies of responses as TypedDicts")),
)


def main() -> int:
    """Write both modules, or compare them with the files (`--check`: exit code 1 if one is out of date)."""
    contract = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    requests = [operation["requestBody"] for operation in _operations(contract) if "requestBody" in operation]
    responses = [operation["responses"] for operation in _operations(contract)]
    responses.append(contract["components"]["x-events"])
    modules = {
        HERE / "models.py": _generate(contract, requests, REQUESTS, secrets={"format": "password"}),
        HERE / "responses.py": _generate(contract, responses, RESPONSES, secrets={}),
    }
    if "--check" not in sys.argv[1:]:
        for path, source in modules.items():
            path.write_text(source, encoding="utf-8")
        return 0
    stale = [path.name for path, source in modules.items() if not _is_current(path, source)]
    for name in stale:
        sys.stderr.write(f"spec/{name} is not what the contract says: run `make models`\n")
    return 1 if stale else 0


def _is_current(path: Path, source: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == source


def _operations(contract: Json) -> Iterator[Json]:
    for item in contract["paths"].values():
        yield from (operation for method, operation in item.items() if method != "parameters")


def _generate(contract: Json, roots: list[Json], options: tuple[str, ...], *, secrets: Mapping[str, Json]) -> str:
    """The source of a module with the schemas that *roots* lead to, in the order of the contract.

    *secrets* is added to each schema that is `x-secret`.
    """
    reached = _reached(contract, roots)
    schemas = {
        name: _types_only(contract, schema, secrets) | {"description": schema["description"]}
        for name, schema in contract["components"]["schemas"].items()
        if f"#/components/schemas/{name}" in reached and "enum" not in schema
    }
    components = {"schemas": schemas}
    document = {"openapi": contract["openapi"], "info": contract["info"], "paths": {}, "components": components}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "contract.yaml"), Path(folder, "module.py")
        source.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        code = run_generator(["--input", str(source), "--output", str(target), *COMMON, *options])
        if code:
            raise SystemExit(int(code))
        return target.read_text(encoding="utf-8")


def _reached(contract: Json, node: Json) -> set[str]:
    """All `$ref`s that can be followed from *node*, directly or through others."""
    reached: set[str] = set()
    open_nodes = [node]
    while open_nodes:
        match open_nodes.pop():
            case {"$ref": str(pointer)} if pointer not in reached:
                reached.add(pointer)
                open_nodes.append(_at(contract, pointer))
            case dict() as members:
                open_nodes.extend(members.values())
            case list() as items:
                open_nodes.extend(items)
    return reached


def _at(contract: Json, pointer: str) -> Json:
    node = contract
    for step in pointer.removeprefix("#/").split("/"):
        node = node[step]
    return node


def _types_only(contract: Json, schema: Mapping[str, Json], secrets: Mapping[str, Json]) -> dict[str, Json]:
    if "$ref" in schema and "enum" in (named := _at(contract, schema["$ref"])):
        schema = named
    kept = {key: value for key, value in schema.items() if key in TYPE_KEYWORDS}
    if schema.get("x-secret"):
        kept |= secrets
    if "items" in schema:
        kept["items"] = _types_only(contract, schema["items"], secrets)
    if "properties" in schema:
        kept["properties"] = {
            name: _types_only(contract, value, secrets) for name, value in schema["properties"].items()
        }
    return kept


if __name__ == "__main__":
    sys.exit(main())
