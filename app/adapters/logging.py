"""Logs: JSON lines on standard output, with the id of the request in each that is written while one is served.

Everybody logs through the standard library; structlog makes the lines. Nothing that a client sent is logged: no header,
no query, no body, and no path, which may hold anything: the operation's id says which it was.
"""

import logging
import logging.config
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

request_context: ContextVar[Mapping[str, str]] = ContextVar("request_context")
"""What identifies the request that is being served: `request_id`, and `trace_id` where it is part of a trace."""

UNSENT = "tickbox.unsent"
"""What the log alone tells, whatever its level: mails for which there is no mail server."""

_QUIET = ("uvicorn", "connexion", "alembic", "asyncio", "httpx", "httpcore")


def configure_logging(level: str) -> None:
    """Send all that the process logs, the libraries' too, through one JSON formatter. *level* is `info`, ...."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": _json_formatter}},
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
            },
            "root": {"handlers": ["stdout"], "level": level.upper()},
            # Their information is ours too, or is noise; what goes wrong comes through.
            "loggers": {name: {"level": "WARNING"} for name in (*_QUIET, UNSENT)},
        }
    )


def _json_formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            _with_request,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Without local variables: they hold tokens and passwords.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
    )


def _with_request(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.update(request_context.get({}))
    return event
