"""`make try OP=complete_task`: all that the contract promises for one operation, on SQLite, in under a minute.

The gate comes first, then start-up, then the tests that compare lists of operations, then those that run for each
operation, at length: the access matrix with all callers. The first that fails ends it. You run the operation's own
tests, such as in tests/integration/test_tasks.py, yourself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from difflib import get_close_matches

import click

from app.main import contract_path
from tickbox_contract.openapi.document import Document

SUITES = (  # in the order in which they run: the first ones are fast, and say what is missing where
    "tests/architecture/test_contract.py",
    "tests/architecture/test_guide.py",
    "tests/architecture/test_errors.py",
    "tests/architecture/test_policy.py",
    "tests/integration/test_access.py",
    "tests/integration/test_guarantees.py",
    "tests/integration/test_hardening.py",
    "tests/integration/test_log.py",
    "tests/persistence/test_plans.py",
)
LISTS = (
    "a_tag_s_handlers_are_its_operations",
    "schemas_come_under",
    "every_write_in_a_workspace_names_its_events",
    "every_service_is_called_by_an_operation",
    "every_error_has",
    "only_leaves_are_raised",
    "the_guide_has_every_problem",
)
"""Parts of the names of tests that are about all operations at once, and fast."""
START_UP = """
import sys
from app.main import build
from app.settings import Settings
from tickbox_contract.engine.mismatches import ContractMismatchError
try:
    build(Settings(database_url="sqlite:///never-opened.db"))
except ContractMismatchError as error:
    sys.exit(str(error))
"""


@click.command()
@click.argument("operation_id", default="")
def try_operation(operation_id: str) -> None:
    """Check OPERATION_ID, and stop at the first step or test that fails."""
    if not operation_id:
        message = "name an operation: make try OP=complete_task"
        raise click.ClickException(message)
    known = [operation.name for operation in Document.read(contract_path()).operations]
    if operation_id not in known:
        nearest = get_close_matches(operation_id, known, n=1)
        advice = f"did you mean {nearest[0]}?" if nearest else "add it to spec/openapi.yaml"
        raise click.ClickException(f"there is no operation {operation_id}: {advice}")
    wanted = f"({operation_id} or {' or '.join(LISTS)}) and not postgresql"
    for step, command in (
        ("gate", ["-c", "from app.command import main; main()", "gate"]),
        ("start-up", ["-c", START_UP]),
        ("tests", ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *SUITES, "-k", wanted]),
    ):
        click.echo(f"--- {step}")
        sys.stdout.flush()
        result = subprocess.run([sys.executable, *command], env=os.environ | {"TICKBOX_TEST_SOAK": "1"}, check=False)
        if result.returncode:
            sys.exit(result.returncode)


if __name__ == "__main__":
    try_operation()
