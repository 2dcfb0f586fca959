"""What the services work on: a module for each resource, with its entity, its errors, its events and its port.

A module for a resource imports no service. The rules for all of them:

- An entity is frozen; a change creates a new one. Every datetime is aware, and in UTC.
- `revision` is the number of the change that last changed the entity. In a workspace, it is a number of the workspace;
  of a user, it counts that user's changes.
- A port is a protocol. `persistence` implements it, and `tests/support/fakes` has a fake of it.
- Rows of a workspace are addressed with the workspace's id, by which data can be spread over machines.
- A repository decides nothing: where it does not find a row, it returns None or False.
"""
