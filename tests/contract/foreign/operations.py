"""Paths and operations: what is matched, and what an operation must have."""

from collections.abc import Mapping
from typing import Any

from .rows import Node, Trial, gives, ignored, in_path, parameter, refused, refuses, served

PATHS = "Paths Object"
ITEM = "Path Item Object"
OPERATION = "Operation Object"
TEMPLATE = "Path Templating"
SECURITY = "Security Requirement Object"
DOCUMENT = "OpenAPI Object"
TEXT: Node = {"type": "string"}
GUARDED: Node = {"security": [{"scheme": []}], "x-access": {"scope": "read"}}


def guarded(scheme: Node) -> dict[str, Any]:
    """The fields of a row whose operation needs *scheme*."""
    return {"operation": GUARDED, "components": {"securitySchemes": {"scheme": scheme}}}


def not_found(target: str) -> Trial:
    """A GET of a path that there is not."""
    return Trial(target=target, status=404)


PATH_ROWS = (
    served("a literal with non-ASCII characters", PATHS,
           gives("/st%C3%A4dte/%E6%9D%B1"), gives("/st%c3%a4dte/%E6%9D%B1"),
           not_found("/st%E4dte/%E6%9D%B1"), not_found("/stadte/%E6%9D%B1"), path="/städte/東"),
    served("a literal that is percent-encoded in the contract", PATHS, gives("/st%C3%A4dte"), path="/st%C3%A4dte"),
    served("a literal whose unreserved characters are percent-encoded in the request is another path", PATHS,
           gives("/r-9~._Az"), not_found("/%72-9~._Az"), not_found("/r%2d9~._Az"), not_found("/r-%399~._Az"),
           not_found("/r-9%7E._Az"), not_found("/r-9~%2E_Az"), not_found("/r-9~.%5FAz"), not_found("/r-9~._%41z"),
           not_found("/r-9~._A%7a"), not_found("/%2572-9~._Az"), not_found("/R-9~._Az"), path="/r-9~._Az"),
    served("a literal with a space, a colon, an at sign", PATHS, gives("/a%20b:c@d"), gives("/a%20b%3Ac%40d"),
           not_found("/a+b:c@d"), path="/a b:c@d"),
    served("a trailing slash is another path", PATHS, gives("/r"), not_found("/r/"), not_found("//r"), path="/r"),
    served("a path that ends in a slash", PATHS, gives("/r/"), not_found("/r"), path="/r/"),
    served("the root", PATHS, gives("/"), path="/"),
    refused("a path with a query", PATHS, "the path has a query or a fragment", path="/r?a=1"),
    refused("a path with a fragment", PATHS, "the path has a query or a fragment", path="/r#a"),
    served("a template's parameter takes one segment", TEMPLATE, gives("/r/a%2Fb", a="a/b"), gives("/r/..", a=".."),
           not_found("/r/"), not_found("/r/a/b"), **in_path(TEXT)),
    served("a template's parameter with non-ASCII characters", TEMPLATE, gives("/r/%C3%A9", a="é"), refuses("/r/%E9"),
           refuses("/r/%00"),
           refuses("/r/%2"), **in_path(TEXT)),
    served("several templates", TEMPLATE, gives("/r/1/s/x", a=1, b="x"), operation={"parameters": [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in (("a", {"type": "integer"}), ("b", TEXT))
    ]}, path="/r/{a}/s/{b}"),
    refused("a segment of text and template", TEMPLATE, "the path segment '{a}.json' mixes text and parameter",
            operation=parameter("a", "path", TEXT), path="/r/{a}.json"),
    refused("a segment of two templates", TEMPLATE, "the path segment '{a}{b}' mixes text and parameter",
            operation={"parameters": [*parameter("a", "path", TEXT)["parameters"],
                                      *parameter("b", "path", TEXT)["parameters"]]}, path="/r/{a}{b}"),
    refused("a template that occurs twice in the path", TEMPLATE, "the path of act has the parameter 'a' twice",
            operation=parameter("a", "path", TEXT), path="/r/{a}/s/{a}"),
    refused("a template without its parameter", TEMPLATE, "act does not declare the path parameter 'a'",
            path="/r/{a}"),
    refused("a parameter without its template", TEMPLATE,
            "act declares the path parameter 'a', which is not in its path",
            operation=parameter("a", "path", TEXT)),
)  # fmt: skip

OPERATION_ROWS = (
    served("GET, and with it HEAD and OPTIONS", ITEM, Trial(method="HEAD", content=b""),
           Trial(method="OPTIONS", status=204, headers={"allow": "GET, HEAD, OPTIONS"}), Trial(method="PUT",
           status=405)),
    *(served(method.upper(), ITEM, Trial(given={}), Trial(method="GET", status=405), method=method)
      for method in ("put", "post", "delete", "patch")),
    ignored("requestBody of a GET", OPERATION, gives("/r"), Trial(body=b"1", status=400), operation={
        "requestBody": {"required": True, "content": {"application/json": {}}},
    }, takes=()),
    ignored("requestBody of a DELETE", OPERATION, Trial(given={}), method="delete", operation={
        "requestBody": {"required": True, "content": {"application/json": {}}},
    }, takes=()),
    ignored("summary, description, deprecated, externalDocs, further tags, vendor extensions", OPERATION, gives("/r"),
            operation={
        "summary": "s", "description": "d", "deprecated": True, "externalDocs": {"url": "https://a.example"},
        "tags": ["things", "others"], "x-any": {"thing": 1},
    }),
    served("a tag and an operationId that are not identifiers", OPERATION, gives("/r"),
           operation={"tags": ["things"], "operationId": "things/get-one"}),
    refused("a tag that is not an identifier, without a module", OPERATION,
            "the handler foreign_handlers.Pet_Store_2_0.act is missing", operation={"tags": ["Pet Store 2.0"]}),
    refused("no operationId", OPERATION, "it needs an operationId", operation={"operationId": ""}),
    refused("no tag", OPERATION, "it needs a tag", operation={"tags": []}),
    ignored("tags, externalDocs and info of the document", DOCUMENT, gives("/r"), root={
        "tags": [{"name": "others"}], "externalDocs": {"url": "https://a.example"},
        "info": {"title": "t", "version": "1", "contact": {"name": "n"}, "license": {"name": "l"}},
    }),
)  # fmt: skip

UNSUPPORTED_SCHEMES: Mapping[str, Node] = {
    "http basic": {"type": "http", "scheme": "basic"},
    "an API key": {"type": "apiKey", "name": "k", "in": "header"},
    "OAuth 2": {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://a.example", "scopes": {}}}},
    "OpenID Connect": {"type": "openIdConnect", "openIdConnectUrl": "https://a.example"},
}

SECURITY_ROWS = (
    served("http bearer, with x-access", SECURITY, Trial(status=401,
           headers={"www-authenticate": 'Bearer realm="foreign"'}),
           Trial(lines=["Authorization: Bearer reader"]), Trial(lines=["Authorization: bearer nobody"], status=401),
           **guarded({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})),
    served("http Bearer, in another case and with a bearerFormat", SECURITY, Trial(status=401),
           Trial(lines=["Authorization: Bearer reader"], given={}),
           **guarded({"type": "http", "scheme": "Bearer", "bearerFormat": "JWT"})),
    served("either of two http bearer schemes", SECURITY, Trial(status=401),
           Trial(lines=["Authorization: Bearer reader"], given={}),
           operation={**GUARDED, "security": [{"scheme": []}, {"other": ["a"]}]}, components={"securitySchemes": {
               "scheme": {"type": "http", "scheme": "bearer"},
               "other": {"$ref": "#/components/securitySchemes/scheme"},
           }}),
    ignored("a security scheme that no operation needs", "Security Scheme Object", Trial(given={}),
            components={"securitySchemes": {"scheme": {"type": "apiKey", "in": "header", "name": "X-Key"}}}),
    refused("no security and no x-access", SECURITY, "act needs a token and has no x-access with a scope",
            operation={"security": [{"scheme": []}]},
            components={"securitySchemes": {"scheme": {"type": "http", "scheme": "bearer"}}}),
    served("security: []", SECURITY, gives("/r"), gives("/r", "Authorization: Basic x")),
    *(refused(f"a security scheme of {name}", "Security Scheme Object", "the security scheme 'scheme' is not supported",
              **guarded(scheme)) for name, scheme in UNSUPPORTED_SCHEMES.items()),
)  # fmt: skip

ROWS = (*PATH_ROWS, *OPERATION_ROWS, *SECURITY_ROWS)
