"""Health checks, and the contract itself."""

from domain.unit_of_work import UnitOfWork
from tickbox_contract.responses import ContractFile, Response, ok


async def check_liveness(_uow: UnitOfWork) -> Response:
    """200 as long as the process responds; it does not use the database."""
    return ok({"status": "ok"})


async def check_readiness(uow: UnitOfWork) -> Response:
    """200 when the database responds and has the schema that this version needs.

    Raises StorageUnavailable, SchemaMismatched.
    """
    await uow.check_storage()
    return ok({"status": "ok"})


async def get_contract_yaml(_uow: UnitOfWork) -> Response:
    """The contract, byte for byte."""
    return ContractFile()


async def get_contract_json(_uow: UnitOfWork) -> Response:
    """The contract as JSON."""
    return ContractFile(as_json=True)
