from tests.contract.sample.store import UnitOfWork
from tickbox_contract.responses import ContractFile, Response, ok


async def check_liveness(uow: UnitOfWork) -> Response:
    return ok({"status": "alive"})


async def get_contract_yaml(uow: UnitOfWork) -> Response:
    return ContractFile()


async def get_contract_json(uow: UnitOfWork) -> Response:
    return ContractFile(as_json=True)
