"""Parameters: styles, types, and what a name may be."""

from .rows import cookie, gives, header, in_path, query, refused, refuses, served

STRINGS = {"type": "array", "items": {"type": "string"}}
INTEGERS = {"type": "array", "items": {"type": "integer"}}
PAIR = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}}

ROWS = (
    served("form, of a scalar", "Style Values", gives("/r?a=1", a=1), operation=query({"type": "integer"})),
    served("form with explode, of an array", "Style Values",
           gives("/r?a=1&a=2", a=[1, 2]), refuses("/r?a=1&a=x", "parameter a type"), operation=query(INTEGERS)),
    served("form without explode, of an array", "Style Values",
           gives("/r?a=1,2", a=[1, 2]), gives("/r?a=", a=[]), operation=query(INTEGERS, explode=False)),
    refused("form, of an object", "Style Values", "query parameter 'a' has the style 'form' of objects",
            operation=query(PAIR)),
    served("deepObject", "Style Values", gives("/r?a[x]=1&a[y]=b", a={"x": 1, "y": "b"}),
           operation=query(PAIR, style="deepObject")),
    served("simple, of a path's array", "Style Values", gives("/r/1,2", a=[1, 2]), **in_path(INTEGERS)),
    refused("matrix", "Style Values", "path parameter 'a' has the style 'matrix' of scalars",
            **in_path({"type": "string"}, style="matrix")),
    refused("label", "Style Values", "path parameter 'a' has the style 'label' of scalars",
            **in_path({"type": "string"}, style="label")),
    served("simple, of a header's array", "Style Values", gives("/r", "X-A: a, b", x_a=["a", "b"]),
           operation=header(STRINGS)),
    served("form, of a cookie", "Style Values", gives("/r", "Cookie: a=1", a=1), operation=cookie({"type": "integer"})),
)  # fmt: skip
