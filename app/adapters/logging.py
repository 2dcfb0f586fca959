"""Logs: JSON lines on standard output. A line that is written during a request has the id of the request.

All code logs through the standard library; structlog formats the lines. Nothing that a client sent is logged: no
header, no query, no body and no path, which may contain anything. The operation's id replaces the path.
"""

import logging
import logging.config
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

request_context: ContextVar[Mapping[str, str]] = ContextVar("request_context")
"""The `request_id` of the current request, and its `trace_id` if it belongs to a trace."""

UNSENT = "tickbox.unsent"
"""The logger of e-mails without a mail server. It logs at every level, because nothing else reports them."""

_QUIET = ("uvicorn", "connexion", "alembic", "asyncio", "httpx", "httpcore")


def configure_logging(level: str) -> None:
    """Send everything that the process logs, including libraries, through one JSON formatter. *level* is `info`, ..."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": _json_formatter}},
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
            },
            "root": {"handlers": ["stdout"], "level": level.upper()},
            # What these report as information is logged here already, or is noise. Their warnings are logged.
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
            # Without local variables, which may contain tokens and passwords.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
    )


def _with_request(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.update(request_context.get({}))
    return event
