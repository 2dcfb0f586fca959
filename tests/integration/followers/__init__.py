"""Clients that write at once, and others that follow: in the end the copies of these are equal to the server.

All of it is under a clock that jumps.

- `servers`: servers that are killed and started again, and clients that go on with those that run.
- `writers`: random requests: those of `tests/integration/model`, and what it does not have.
- `followers`: what keeps a copy of a workspace, by each of the ways that the contract has; `accounts`: of all
  workspaces of a user.
- `agendas`: people with tasks of their own, which recur, and of which they are reminded. `expectations` says which of
  these reminders must fire, `next_occurrences` where a task must go on, and `firings` what has fired.
- `histories`: all of them together, and what must be equal.
"""
