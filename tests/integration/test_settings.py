"""Settings as an operator sees them: all errors at once, and `tickbox settings`."""

from __future__ import annotations

import pytest

from app.settings import Settings
from persistence.urls import name_of
from tests.support.programs import run

SECRET = "s3cr3t"


def test_all_errors_are_reported_at_once_each_with_its_variable() -> None:
    wrong = {
        "port": "x",
        "hots": "::",
        "xyzzy": "1",
        "body_limit_bytes": "1",
        "registration": "maybe",
        "database_url": "mysql://localhost/tickbox",
        "refresh_grace_s": "601",
        "smtp_url": f"http://me:{SECRET}@mail.example",
    }
    found = run("serve", settings=wrong)
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.removeprefix("Error: ").splitlines() == [
        "TICKBOX_HOTS: this setting does not exist; did you mean TICKBOX_HOST?",
        "       TICKBOX_XYZZY: this setting does not exist; `tickbox settings` lists them all",
        "       TICKBOX_PORT: must be a whole number",
        "       TICKBOX_DATABASE_URL: must be sqlite:///path or postgresql://user:password@host/name",
        "       TICKBOX_REGISTRATION: must be 'open', 'invited' or 'closed'",
        "       TICKBOX_BODY_LIMIT_BYTES: must be 1024 or more",
        "       TICKBOX_REFRESH_GRACE_S: must be 600 or less",
        "       TICKBOX_SMTP_URL: must be smtp://user:password@host:port or smtps://user:password@host:port",
    ]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_invalid_setting_is_never_reported_in_a_library_s_words(name: str) -> None:
    """Most settings reject this value; those that accept any text do not."""
    found = run("settings", settings={name: "://[{"})
    for word in ("Value error", "Input", "validation", "literal", "pydantic", "invalid literal"):
        assert word not in found.stderr
    assert found.exit_code == 0 or found.stderr.startswith(f"Error: TICKBOX_{name.upper()}: m")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("smtp_url", f"smtp://me:{SECRET}@mail.example:587", "smtp://me:***@mail.example:587"),
        ("database_url", f"postgresql://me:{SECRET}@db/tickbox", "postgresql://me:***@db/tickbox"),
        ("database_url", f"postgresql://me:a/{SECRET}@db/tickbox", "postgresql://me:***@db/tickbox"),
        ("database_url", f"postgresql://me@db/t?password={SECRET}&ssl=require", "postgresql://me@db/t?password=***&ssl=require"),
        ("rate_limit_storage_url", f"redis://:{SECRET}@cache:6379", "redis://:***@cache:6379"),
        ("rate_limit_storage_url", f"redis://cache?password={SECRET}", "redis://cache?password=***"),
    ],
)  # fmt: skip
def test_passwords_are_not_listed(name: str, value: str, shown: str) -> None:
    found = run("settings", settings={name: value})
    assert (found.exit_code, found.stderr) == (0, "")
    assert SECRET not in found.stdout
    assert f"TICKBOX_{name.upper()}={shown}\n" in found.stdout


def test_each_setting_is_listed_with_value_default_and_meaning() -> None:
    url = "sqlite:////var/lib/tickbox/tickbox.db"
    given = {"database_url": url, "port": "9000", "cors_origins": "https://a.example,https://b.example"}
    found = run("settings", settings=given)
    assert (found.exit_code, found.stderr) == (0, "")
    listed = dict(line.split("=", 1) for line in found.stdout.splitlines() if line.startswith("TICKBOX_"))
    assert list(listed) == [f"TICKBOX_{name.upper()}" for name in Settings.model_fields]
    assert listed["TICKBOX_PORT"] == "9000"
    assert listed["TICKBOX_CORS_ORIGINS"] == "https://a.example, https://b.example"
    assert "    port to listen on; 0 for any; 0 to 65535 (default: 8080)\n" in found.stdout
    assert found.stdout.endswith(f"The database is {name_of(url)}.\n")
