"""Django with its ORM and ninja, for SQLite: a WSGI application, for a server with threads."""

from __future__ import annotations

import os
from typing import Any


def build() -> Any:
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{__name__}.settings"
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 -- it needs the settings

    return get_wsgi_application()
