"""The engine: it routes requests by a contract, and checks every request and every response against it.

`contract/SUPPORT.md` lists what it serves, what it ignores because OpenAPI says so, and what it refuses at start-up.
The list is written from tests (`tests/contract/foreign/`). A contract also needs what the engine adds: an operationId,
a tag and the engine's problems on each operation, and `x-access` or `security: []`.

At start-up:

    application         builds the stack; its docstring lists the layers, and which are Connexion's
    operations          compiles each operation once
    mismatches          why a contract cannot be served, each with its line
    handler_checks      whether each operation has one handler, and each handler one operation
    signatures          whether a handler accepts what a request gives it
    messages            compiles what an operation takes and returns
    paths               paths that cannot be matched
    links               how operations are related: conditions, client-made ids, idempotency keys
    refusals            which problems an operation may send: the engine's, and those of `x-problems`

For each request:

    protocol            uvicorn's HTTP parser, with limits; `protocol_problems` has what it sends by itself
    heads               what the parser accepts in the head of a request although RFC 9112 does not
    outflow             limits for responses that clients do not read
    routing             a trie instead of Starlette's list of routes: constant time, full `Allow`, strict paths
    security            a bearer handler for Connexion's security map, which sends `WWW-Authenticate`
    engine              the runners, and the response to every error
    runner              runs an operation: count, check, handler, check, commit, send
    request_reading     headers, parameters and body of a request, with all faults together
    limits              `x-rate-limit`: when requests are counted, and the headers about it
    access              `x-access`, enforced
    parameters          path, query, headers and cookies as typed keyword arguments; compiled by `parameter_styles`
    texts               text to JSON values, strictly
    bodies, media       bytes to typed values, strictly; the keys of `content`
    request_semantics   conditions, idempotency keys and client-made ids of a request
    conditions          `If-Match` and `If-None-Match`, of reads and writes
    idempotency         keys, digests of requests, recorded responses
    nulls, surrogates   faults of nulls in a body, and of halves of surrogate pairs
    read_only           what a request cannot set although a response has it: `x-changed-by`
    units               what the engine needs from the application: a unit of work for each request
    declared_responses  responses, encoded and checked as the bytes that are sent; `payloads` encodes their content,
                        `violations` says what is done if the contract does not allow it
    negotiation         the media type that a client accepts
    encoding, problems  RFC 9457 documents, and the exception that carries one
    events              recorded facts, checked like responses
    sending             bytes and streams
    quiet               Connexion, without its warnings and what is not used; before every other import of it

The engine relies on these parts of Connexion 3.3. Look at them when there is a new version:

    scope["extensions"]["connexion_routing"]    operation_id, and api_base_path (always "": a server's path is refused)
    scope["extensions"]["connexion_context"]    token_info, what a security handler returned (`security.auth_of`)
    AbstractOperation._operation["tags"]        the tag has no public name (`application.TagResolver`)
    RoutedMiddleware.apis, .operations, next_app    layers are linked by them (`application._Linked`, ADR 30)
    ConnexionMiddleware.add_api(dict)           gets an outline without references (`application._outline`)
    ConnexionMiddleware._build_middleware_stack()   called at start-up, and what it registered is compared
"""
