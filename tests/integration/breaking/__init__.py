"""The server's handlers, except those of tasks: some of these write, and then violate the contract."""

import handlers

__path__ = [*__path__, *handlers.__path__]
