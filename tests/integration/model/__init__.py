"""A workspace as it must be, in memory, and a machine that compares the server with it after each request.

- `things`: what is in a workspace.
- `workspace`: all of it, its order and its numbers.
- `projects`, `sections`, `labels`, `tasks`: what each operation does, in functions named exactly as the operationId.
- `reminders`: the same, and what the jobs do; `schedules`: when they fire; `accounts`: what else this depends on.
- `operations`: all of them.
- `bodies`: the bodies that are sent; `batches`: those of several operations.
- `comparison`: what must be equal on the server; `reminding`: of each person's own, whose `jobs` run in between.
- `requests`: random requests, drawn from what is there.
- `machine`: sends them, one after the other; `test_model` runs it on both databases.
"""
