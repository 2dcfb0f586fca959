"""The server's handlers, but for those of tasks: some of these do their work, and then break the contract."""

import handlers

__path__ = [*__path__, *handlers.__path__]
