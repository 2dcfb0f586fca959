"""Clients that write at once, and others that follow: in the end the copies of these are equal to the server.

- `servers`: servers that are killed and started again, and clients that go on with those that run.
- `writers`: random requests: those of `tests/integration/model`, and what it does not have.
- `followers`: what keeps a copy of a workspace, by each of the ways that the contract has; `accounts`: of all
  workspaces of a user.
- `histories`: all of them together, and what must be equal.
"""
