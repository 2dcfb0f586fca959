"""A contract engine: it serves an OpenAPI 3.0 document, and checks every request and every response against it.

`SUPPORT.md` lists what it serves, what it ignores because OpenAPI says so, and what it refuses at start-up, by name.
The list is written from tests (`tests/contract/foreign/`). A contract also needs what the engine adds: an operationId,
a tag and the engine's problems on each operation, and `x-access` or `security: []`.

What is Connexion's, and kept: the middleware stack, the routing context, the security layer, the exception layer, the
operation context, the resolver hook. What is ours, and why:

    application   builds the stack (its docstring lists the layers and whose each is)
    files         the text: JSON, or YAML 1.2 (Connexion reads 1.1), as plain data
    objects       the objects that a document consists of, by OpenAPI's own table
    references    `$ref` as a JSON pointer, and what cannot be followed
    forms         the form that OpenAPI prescribes, by its published schema
    document      the file: bytes, plain data, operations
    servers       addresses, which have no effect; one with a path is refused
    operations    compiles each operation once, and names every mismatch at start-up
    messages      compiles what an operation takes and returns
    paths         paths that cannot be matched
    routing       a trie in the place of Starlette's list of routes: constant time, full `Allow`, strict paths
    security      a bearer handler for Connexion's security map: no signature inspection, `WWW-Authenticate`
    access        `x-access`, enforced
    parameters    path, query, headers and cookies, as typed keyword arguments
    texts         text to JSON values, strictly
    media         media types: the keys of `content`, compiled
    bodies        bytes to typed values, strictly
    schemas       OpenAPI 3.0 schemas as JSON Schema 2020-12 validators (jsonschema-rs), compiled together
    translations  OpenAPI 3.0 schemas written as JSON Schema 2020-12
    compositions  what several schemas say of one value: `allOf`, `readOnly`, `discriminator`
    formats       formats that jsonschema-rs leaves to us
    faults        validation errors as faults with pointers, one for each value
    read_only     what a request cannot set although a response has it, and `x-changed-by`
    answers       what handlers return; depends on nothing
    responses     answers encoded and checked as the bytes that leave
    problems      RFC 9457 documents, and the exception that carries one
    refusals      which problems an operation may send: the engine's, and those of `x-problems`
    units         what the engine asks of the application: a unit of work for each call
    links         which operations `If-Match`, ids of the client's and idempotency keys lead to
    conditions    `If-Match` and `If-None-Match`, of reads and writes
    retries       idempotency keys, digests of requests, recorded responses
    limits        `x-rate-limit`: when calls are counted, and what clients are told of it
    runner        runs an operation: count, check, handler, check, commit, send
    sending       bytes and streams
    engine        the runners, and the answer to whatever goes wrong
    events        facts that are written down, checked as answers are
    protocol      not Connexion's business but uvicorn's: its HTTP parser, bounded
    heads         what the parser lets pass in the head of a request, and RFC 9112 does not
    outflow       what clients do not take of their responses, bounded in time and in bytes
    handlers      where the function of an operation is found, and what its arguments are called
    signatures    whether that function can be called with what a request gives it
    quiet         Connexion imported without its advice; before every other import of it
    gate          is a contract good? A package of its own, which needs neither Connexion nor a server

What we rely on inside Connexion 3.3, and would have to look at in a new version:

    scope["extensions"]["connexion_routing"]    operation_id, and api_base_path (always "": a server's path is refused)
    scope["extensions"]["connexion_context"]    token_info, what a security handler returned (`security.grant_of`)
    AbstractOperation._operation["tags"]        the tag has no public name (`application.TagResolver`)
    RoutedMiddleware.apis, .operations, next_app    by which layers are linked (`application._Linked`, ADR 30)
    ConnexionMiddleware.add_api(dict)           gets an outline without references (`application._outline`)
    ConnexionMiddleware._build_middleware_stack()   called at start-up, and what it registered is compared

It knows no to-do. Nothing here imports `app`, `handlers`, `domain` or `persistence`.
"""
