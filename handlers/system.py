"""Signs of life, and the contract itself."""

from contract.answers import Answer, ContractFile, ok
from domain.ports import Work


async def check_liveness(_work: Work) -> Answer:
    """200 as long as the process answers; no database is asked."""
    return ok({"status": "ok"})


async def check_readiness(work: Work) -> Answer:
    """200 when the database answers and has the schema that this version needs.

    Raises StorageUnavailable, SchemaMismatched.
    """
    await work.check_storage()
    return ok({"status": "ok"})


async def get_contract_yaml(_work: Work) -> Answer:
    """The contract, byte for byte."""
    return ContractFile()


async def get_contract_json(_work: Work) -> Answer:
    """The contract as JSON."""
    return ContractFile(as_json=True)
