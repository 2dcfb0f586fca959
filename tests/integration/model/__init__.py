"""A workspace as it must be, in memory, and a machine that compares the server with it after each request.

- `things`: what is in a workspace.
- `workspace`: all of it, its order and its numbers.
- `projects`, `sections`, `labels`, `tasks`: what each operation does, in functions named exactly as the operationId.
- `operations`: all of them.
- `bodies`: the bodies that are sent; `batches`: those of several operations.
- `comparison`: what must be equal on the server.
- `requests`: random requests, drawn from what is there.
- `machine`: sends them, one after the other; `test_model` runs it on both databases.
"""
