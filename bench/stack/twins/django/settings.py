"""Django's settings."""

from __future__ import annotations

import os
from typing import Any

ROOT_URLCONF = f"{__package__}.api"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
MIDDLEWARE: list[str] = []
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["BENCH_DATABASE_URL"].removeprefix("sqlite:///"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
