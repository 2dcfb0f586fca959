from contract.answers import Answer, ContractFile, ok
from tests.contract.sample.store import Work


async def check_liveness(work: Work) -> Answer:
    return ok({"status": "alive"})


async def get_contract_yaml(work: Work) -> Answer:
    return ContractFile()


async def get_contract_json(work: Work) -> Answer:
    return ContractFile(as_json=True)
