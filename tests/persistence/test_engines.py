import pytest

from persistence.engines import parse_url


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:////var/tickbox.db", "sqlite+aiosqlite:////var/tickbox.db"),
        ("sqlite+aiosqlite:///tickbox.db", "sqlite+aiosqlite:///tickbox.db"),
        ("postgres://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgresql://u@host:5433/db", "postgresql+asyncpg://u@host:5433/db"),
        ("postgresql+asyncpg:///db?host=/run", "postgresql+asyncpg:///db?host=%2Frun"),
        ("postgresql://u@host/db?sslmode=require", "postgresql+asyncpg://u@host/db?ssl=require"),
    ],
)
def test_a_database_is_named_as_people_are_used_to(given: str, used: str) -> None:
    assert parse_url(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize("url", ["mysql://host/db", "postgresql+psycopg://host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_is_not_supported_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///path"):
        parse_url(url)
