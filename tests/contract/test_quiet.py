"""What of Connexion is imported, each in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unmeasured_processes

SERVED = """
import sys
import tickbox_contract.engine.application
print(*({"httpx", "requests", "starlette.testclient"} & sys.modules.keys()))
"""
USED = """
import tickbox_contract.engine.application
import connexion.json_schema, connexion.security, httpx, requests
print(connexion.security.httpx.AsyncClient is httpx.AsyncClient, connexion.json_schema.requests.get is requests.get)
"""
OTHER = """
import warnings
warnings.simplefilter("ignore")  # Connexion's own
import tickbox_contract.engine.application
import connexion
print(connexion.AsyncApp.__name__, hasattr(connexion, "nothing"))
"""


def printed(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_what_a_server_does_not_use_of_connexion_is_not_imported() -> None:
    assert printed(SERVED) == ""


def test_what_connexion_uses_later_is_imported_then() -> None:
    assert printed(USED) == "True True"


def test_other_code_in_the_process_finds_all_of_connexion() -> None:
    assert printed(OTHER) == "AsyncApp False"
