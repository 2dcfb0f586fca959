"""Parameters: styles, types, and what a name may be."""

from datetime import datetime
from typing import Any

from .rows import Node, Trial, cookie, gives, header, ignored, in_path, parameter, query, refused, refuses, served

STYLES = "Style Values"
OBJECT = "Parameter Object"
SCHEMA = "Schema Object"
STRINGS: Node = {"type": "array", "items": {"type": "string"}}
INTEGERS: Node = {"type": "array", "items": {"type": "integer"}}
PAIR: Node = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}}
CLOSED_PAIR: Node = {**PAIR, "additionalProperties": False}
UNKNOWN = "parameter {} unknown"

STYLE_ROWS = (
    served("form, a scalar", STYLES, gives("/r?a=1", a=1), refuses("/r?a=1&a=1", "parameter a repeated"),
           operation=query({"type": "integer"})),
    served("form with explode, an array", STYLES, gives("/r?a=1&a=2", a=[1, 2]), gives("/r?a=x%2Cy,z", a=["x,y,z"]),
           operation=query({"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}})),
    served("form without explode, an array", STYLES, gives("/r?a=1,2", a=[1, 2]), gives("/r?a=", a=[]),
           refuses("/r?a=1&a=2", "parameter a type"), operation=query(INTEGERS, explode=False)),
    served("form without explode, a comma inside an item (%2C)", STYLES, gives("/r?a=x%2Cy,z", a=["x,y", "z"]),
           gives("/r?a=x%2cy", a=["x,y"]), gives("/r?a=%2C,%2B+%252C", a=[",", "+ %2C"]), gives("/r?a=,", a=["", ""]),
           operation=query(STRINGS, explode=False)),
    refused("form, an object", STYLES, "query parameter 'a' has the style 'form' of objects", operation=query(PAIR)),
    served("spaceDelimited, an array", STYLES, gives("/r?a=x%20y+z", a=["x", "y", "z"]), gives("/r?a=x%2Cy", a=["x,y"]),
           operation=query(STRINGS, style="spaceDelimited", explode=False)),
    served("pipeDelimited, an array, its delimiter encoded or not", STYLES, gives("/r?a=x%7Cy|z", a=["x", "y", "z"]),
           gives("/r?a=x,y%2C|z", a=["x,y,", "z"]), operation=query(STRINGS, style="pipeDelimited", explode=False)),
    refused("pipeDelimited with explode", STYLES, "query parameter 'a' has the style 'pipeDelimited' of arrays",
            operation=query(STRINGS, style="pipeDelimited", explode=True)),
    served("deepObject, brackets encoded or not", STYLES, gives("/r?a[x]=1&a%5By%5D=b%2Cc", a={"x": 1, "y": "b,c"}),
           refuses("/r?a[x]=1&a[x]=2", "parameter a repeated"), operation=query(PAIR, style="deepObject")),
    served("deepObject, names it does not declare", STYLES, gives("/r?a[z]=1", a={"z": "1"}),
           gives("/r?a[__proto__]=1&a[constructor]=2", a={"__proto__": "1", "constructor": "2"}),
           operation=query(PAIR, style="deepObject")),
    served("deepObject with additionalProperties: false", STYLES, refuses("/r?a[z]=1", "parameter a unknown"),
           operation=query(CLOSED_PAIR, style="deepObject")),
    served("deepObject, deeper brackets are a fault", STYLES,
           *(refuses(f"/r?a{name}=1", UNKNOWN.format(f"a{name}")) for name in ("[b][c]", "[]", "[b]c", "[b", "b]", "")),
           refuses("/r?a%5Bb%5D%5Bc%5D=1", UNKNOWN.format("a[b][c]")), operation=query(PAIR, style="deepObject")),
    refused("deepObject, objects inside", STYLES, "query parameter 'a' has objects inside",
            operation=query({"type": "object", "properties": {"x": PAIR}}, style="deepObject")),
    served("simple, a scalar of a path", STYLES, gives("/r/x%2Cy+z", a="x,y+z"), gives("/r/a%2Fb", a="a/b"),
           **in_path({"type": "string"})),
    served("simple, an array of a path", STYLES, gives("/r/1,2", a=[1, 2]), refuses("/r/1,,2", "parameter a type"),
           **in_path(INTEGERS)),
    served("simple, a comma inside an item of a path (%2C)", STYLES, gives("/r/x%2Cy,z+%2F", a=["x,y", "z+/"]),
           gives("/r/%C3%A9%2C,b", a=["é,", "b"]), **in_path(STRINGS)),
    refused("simple, an object of a path", STYLES, "path parameter 'a' has the style 'simple' of objects",
            **in_path(PAIR)),
    refused("matrix", STYLES, "path parameter 'a' has the style 'matrix' of scalars",
            **in_path({"type": "string"}, style="matrix")),
    refused("label", STYLES, "path parameter 'a' has the style 'label' of scalars",
            **in_path({"type": "string"}, style="label")),
    served("simple, an array of a header, over several lines", STYLES, gives("/r", "X-A: a, b%2C", x_a=["a", "b%2C"]),
           gives("/r", "X-A: a", "x-a: b", x_a=["a", "b"]), operation=header(STRINGS)),
    served("simple, an object of a header", STYLES, gives("/r", "X-A: x,1,y,b", x_a={"x": 1, "y": "b"}),
           refuses("/r", "header X-A type", lines=["X-A: x"]), operation=header(PAIR)),
    served("simple with explode, an object of a header", STYLES,
           gives("/r", "X-A: x=1,y=b=c", x_a={"x": 1, "y": "b=c"}), operation=header(PAIR, explode=True)),
    served("form, a scalar of a cookie", STYLES, gives("/r", "Cookie: b=2; a=1", a=1),
           operation=cookie({"type": "integer"})),
    served("form without explode, an array of a cookie", STYLES, gives("/r", "Cookie: a=1,2", a=[1, 2]),
           operation=cookie(INTEGERS, explode=False)),
    refused("form with explode, an array of a cookie", STYLES, "cookie parameter 'a' is an exploded array",
            operation=cookie(INTEGERS)),
    refused("arrays inside arrays", STYLES, "query parameter 'a' has arrays inside",
            operation=query({"type": "array", "items": INTEGERS})),
)  # fmt: skip

SEVERAL: Node = {"parameters": [
    {"name": "a", "in": "query", "schema": {"type": "string"}},
    {"name": "a", "in": "header", "schema": {"type": "integer"}},
]}  # fmt: skip

OBJECT_ROWS = (
    served("a required parameter", OBJECT, refuses("/r", "parameter a required"), gives("/r?a=", a=""),
           operation=query({"type": "string"}, required=True)),
    served("default", OBJECT, gives("/r", a=5), gives("/r?a=6", a=6),
           operation=query({"type": "integer", "default": 5})),
    served("default of an array", OBJECT, gives("/r", a=["b"]), operation=query({**STRINGS, "default": ["b"]})),
    served("a default gives way to 0, false and the empty text", OBJECT, gives("/r?a=0", a=0), gives("/r", a=1),
           operation=query({"type": "integer", "default": 1})),
    served("default of a boolean", OBJECT, gives("/r?a=false", a=False), gives("/r", a=True),
           operation=query({"type": "boolean", "default": True})),
    served("default of a list between commas", OBJECT, gives("/r", a=["squash", "kale"]), gives("/r?a=", a=[]),
           operation=query({**STRINGS, "default": ["squash", "kale"]}, explode=False)),
    ignored("default of a member of a deepObject", OBJECT, gives("/r?a[x]=1", a={"x": 1}), gives("/r"),
            operation=query({"type": "object", "properties": {
                "x": {"type": "integer"}, "y": {"type": "string", "default": "b"},
            }}, style="deepObject")),
    served("a deepObject that is required", OBJECT, refuses("/r", "parameter a required"), gives("/r?a[x]=1",
           a={"x": 1}),
           operation=query(PAIR, style="deepObject", required=True)),
    served("a deepObject of booleans by additionalProperties", OBJECT, gives("/r?a[x]=true", a={"x": True}),
           refuses("/r?a[x]=1", "parameter a type"),
           operation=query({"type": "object", "additionalProperties": {"type": "boolean"}}, style="deepObject")),
    served("parameters that are not declared are refused", OBJECT, refuses("/r?b=1", "parameter b unknown"),
           operation=query({"type": "string"})),
    served("allowEmptyValue: an empty value is as good as none", OBJECT, gives("/r?a="), gives("/r?a"),
           refuses("/r?a=&a=", "parameter a repeated"), operation=query({"type": "integer"}, allowEmptyValue=True)),
    served("allowEmptyValue, with a default", OBJECT, gives("/r?a=", a=5), gives("/r", a=5),
           operation=query({"type": "integer", "default": 5}, allowEmptyValue=True)),
    served("allowEmptyValue of a required parameter: the empty text is its value", OBJECT, gives("/r?a=", a=""),
           refuses("/r", "parameter a required"),
           operation=query({"type": "string"}, required=True, allowEmptyValue=True)),
    served("an empty value without allowEmptyValue is a value", OBJECT, gives("/r?a=", a=""),
           operation=query({"type": "string"})),
    served("an empty value without allowEmptyValue must be of its type", OBJECT, refuses("/r?a=", "parameter a type"),
           operation=query({"type": "integer"})),
    ignored("allowReserved: reserved characters are read alike, with and without it", OBJECT,
            gives("/r?a=b/c?d:e@f!$'()*;=", a="b/c?d:e@f!$'()*;="), gives("/r?a=%2F%3F%26", a="/?&"),
            operation=query({"type": "string"}, allowReserved=True)),
    ignored("header parameters Accept, Content-Type and Authorization", OBJECT, gives("/r", b=None),
            gives("/r", "Authorization: Basic x", "Content-Type: text/plain", "accept: */*", "B: 1", b=1),
            operation={"parameters": [
                {"name": name, "in": "header", "required": True, "schema": {"type": "integer"}}
                for name in ("Authorization", "Content-Type", "ACCEPT")
            ] + [{"name": "B", "in": "header", "schema": {"type": "integer", "nullable": True, "default": None}}]},
            takes=["b"]),
    served("header names are compared without case", OBJECT, gives("/r", "x-a: 1", x_a=1), gives("/r", "X-A: 1", x_a=1),
           operation=header({"type": "integer"})),
    ignored("format: path of a path's parameter: it is one segment all the same", OBJECT, gives("/r/x", a="x"),
            Trial(target="/r/x/y", status=404), **in_path({"type": "string", "format": "path"})),
    served("negative and small numbers in a path", OBJECT, gives("/r/-1.5e-3", a=-0.0015), gives("/r/0", a=0),
           refuses("/r/%2B1", "parameter a type"), **in_path({"type": "number"})),
    refused("described by `content`", OBJECT, "query parameter 'a' is described by `content`",
            operation={"parameters": [{"name": "a", "in": "query", "content": {"application/json": {}}}]}),
    refused("one keyword for two parameters", OBJECT, "its handler would get 'a' from 2 places", operation=SEVERAL,
            takes=["a"]),
    served("names that are not identifiers", OBJECT,
           gives("/r?a-b%5B%5D=1", a_b__=["1"]), gives("/r?a-b[]=1", a_b__=["1"]),
           operation=parameter("a-b[]", "query", STRINGS)),
    served("names beyond ASCII", OBJECT, gives("/r?gr%C3%B6%C3%9Fe=1", größe=1),
           operation=parameter("größe", "query", {"type": "integer"})),
    served("a path parameter whose name has a hyphen", OBJECT, gives("/r/1", a_b=1),
           operation=parameter("a-b", "path", {"type": "integer"}), path="/r/{a-b}"),
    ignored("deprecated parameters", OBJECT, gives("/r?a=1", a="1"), operation=query({"type": "string"},
            deprecated=True)),
    ignored("example and examples", OBJECT, gives("/r?a=1", a=1), operation=query({"type": "integer"}, example="x")),
)  # fmt: skip


def _typed(name: str, schema: Node, good: dict[str, Any], bad: dict[str, str]) -> Any:
    """A row about the query parameter `a`: *good* are texts and values, *bad* are texts and the code of their fault."""
    trials = [gives(f"/r?a={text}", a=value) for text, value in good.items()]
    trials += [refuses(f"/r?a={text}", f"parameter a {code}") for text, code in bad.items()]
    return served(name, SCHEMA, *trials, operation=query(schema))


TYPE_ROWS = (
    _typed("type: integer, of a text", {"type": "integer"}, {"0": 0, "-1": -1, "9007199254740993": 9007199254740993},
           dict.fromkeys(("1.0", "1e3", "01", "+1", "%201", "0x1", "1_0", "%EF%BC%91", "null", "true"), "type")),
    _typed("type: number, of a text", {"type": "number"}, {"1": 1, "-0.5": -0.5, "1e3": 1000, "1E-2": 0.01},
           dict.fromkeys((".5", "1.", "NaN", "Infinity", "1e400", "01.5", "1,5"), "type")),
    _typed("type: boolean, of a text", {"type": "boolean"}, {"true": True, "false": False},
           dict.fromkeys(("True", "1", "0", "yes", "on", ""), "type")),
    _typed("type: string, of a text", {"type": "string"}, {"1": "1", "true": "true", "": "", "null": "null"}, {}),
    _typed("no type and nothing that says one: text", {}, {"1": "1", "true": "true"}, {}),
    _typed("no type, an enum of numbers", {"enum": [1, 2]}, {"1": 1, "2": 2},
           {"3": "enum", "x": "type", "1.0": "type"}),
    _typed("no type, an enum of several types: boolean, integer, number, then text", {"enum": ["1", 2, 2.5, True, "x"]},
           {"1": "1", "2": 2, "2.5": 2.5, "true": True, "x": "x"}, {"false": "enum", "3": "enum", "y": "enum"}),
    _typed("no type, an enum with null", {"enum": [None, "a", 0], "nullable": True}, {"a": "a", "0": 0},
           {"null": "enum"}),
    _typed("no type, a keyword about numbers: a number if it can be one", {"minimum": 1, "multipleOf": 0.5},
           {"1": 1, "1.5": 1.5, "x": "x"},
           {"0": "minimum", "1.2": "multiple-of"}),
    _typed("no type, a keyword about texts", {"minLength": 2}, {"12": "12"}, {"1": "min-length"}),
    _typed("allOf with a type in one part", {"allOf": [{"type": "integer"}, {"minimum": 2}]}, {"2": 2},
           {"1": "minimum", "x": "type"}),
    _typed("allOf of number and integer", {"allOf": [{"type": "number"}, {"type": "integer"}]}, {"2": 2},
           {"2.5": "type"}),
    _typed("anyOf of types: the first that fits", {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer"}]},
           {"1": 1, "100": 100, "ab": "ab"}, {"abc": "any-of"}),
    _typed("oneOf of types: the first that fits", {"oneOf": [{"type": "integer", "minimum": 10}, {"type": "string"}]},
           {"12": 12, "5": "5", "x": "x"}, {}),
    _typed("anyOf with a part without a type: text", {"anyOf": [{"type": "integer"}, {}]}, {"1": "1"}, {}),
    served("uniqueItems, minItems and maxItems of a list", SCHEMA, gives("/r?a=1&a=2", a=[1, 2]),
           refuses("/r?a=1&a=1", "parameter a unique-items"), refuses("/r?a=1", "parameter a min-items"),
           refuses("/r?a=1&a=2&a=3", "parameter a max-items"),
           operation=query({**INTEGERS, "uniqueItems": True, "minItems": 2, "maxItems": 2})),
    _typed("nullable: no text is null", {"type": "integer", "nullable": True}, {"1": 1}, {"null": "type", "": "type"}),
    _typed("format: date-time, also in lower case", {"type": "string", "format": "date-time"},
           {text: text for text in ("2026-01-01T00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01t00:00:00.5-01:00")},
           dict.fromkeys(("2026-01-01T00:00:00", "2026-01-01%2000:00:00Z", "2026-02-30T00:00:00Z"), "format")),
    served("format: date-time, a handler's datetime", SCHEMA,
           gives("/r?a=2026-01-01t00:00:00z", a="2026-01-01T00:00:00Z"),
           operation=query({"type": "string", "format": "date-time"}), annotations={"a": datetime}),
    served("an enum as items", SCHEMA, gives("/r?a=1&a=b", a=[1, "b"]), refuses("/r?a=2", "parameter a enum"),
           operation=query({"type": "array", "items": {"enum": [1, "b"]}})),
    served("an enum as a member of a deepObject", SCHEMA, gives("/r?a[x]=1", a={"x": 1}),
           refuses("/r?a[x]=2", "parameter a enum"),
           operation=query({"type": "object", "properties": {"x": {"enum": [1]}}}, style="deepObject")),
    refused("anyOf with arrays or objects inside", SCHEMA, "query parameter 'a' has arrays inside",
            operation=query({"anyOf": [{"type": "string"}, INTEGERS]})),
)  # fmt: skip

ROWS = (*STYLE_ROWS, *OBJECT_ROWS, *TYPE_ROWS)
