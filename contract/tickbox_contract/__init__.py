"""Reads, checks and serves an OpenAPI 3.0 contract. It knows nothing of to-dos, and imports nothing of Tickbox.

openapi      the reader: text, plain data, references, operations, schemas, lines, and rules that serving relies on
gate         checks a contract by rules, and reports; needs no server
engine       serves a contract: it checks every request and every response; needs the extra `engine`
responses    what a handler returns; depends on nothing
handlers     where the function of an operation is found, and the names of its arguments
"""
