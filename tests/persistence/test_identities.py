import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

import migrations
from domain import identities, passwords, sessions, users
from domain.identities import ExternalIdentity
from domain.model.identities import Identity, IdentityTaken
from domain.model.users import EmailTaken
from domain.principals import SESSION_SCOPES, Principal
from persistence.database import Database
from persistence.identities import recognise
from persistence.repositories import metadata
from persistence.violations import StatementFailed
from tests.support.service_callers import Caller

TABLES = metadata.tables

EVE = ExternalIdentity(
    identity=Identity(issuer="https://login.example", subject="eve"), email="Eve@example.com", email_verified=True
)
COUNT_USERS = select(func.count()).select_from(TABLES["users"])


@pytest.fixture
def nobody(database: Database) -> Caller:
    return Caller(database=database)


async def count_users(database: Database) -> int:
    row = await database.row(COUNT_USERS, {})
    assert row is not None
    return int(row[0])


async def test_an_identity_gives_user_scopes_and_role(nobody: Caller, ada: Caller) -> None:
    user = await nobody.write(identities.provision, EVE)
    eve = replace(nobody, principal=Principal(user_id=user.id))
    await ada.add_member(eve, role="viewer")
    async with eve.unit(safe=True) as uow:
        (home,) = [w.id for w in await uow.workspaces.page(user.id, after=None, limit=3) if w.role == "owner"]

    for workspace_id, role in ((home, "owner"), (ada.workspace_id, "viewer"), (None, None)):
        found = await recognise(nobody.database, EVE.identity, workspace_id=workspace_id)
        assert found is not None
        assert found[0] == Principal(user_id=user.id, session_id=None, scopes=SESSION_SCOPES)
        assert found[1] == role


@pytest.mark.parametrize(
    ("issuer", "subject"),
    [("https://login.example", "Eve"), ("https://login.example/", "eve"), ("https://LOGIN.example", "eve")],
)
async def test_issuer_and_subject_are_compared_exactly(nobody: Caller, issuer: str, subject: str) -> None:
    await nobody.write(identities.provision, EVE)

    assert await recognise(nobody.database, Identity(issuer=issuer, subject=subject), workspace_id=None) is None


async def test_an_account_is_read_back_without_address_and_password(nobody: Caller) -> None:
    user = await nobody.write(identities.provision, replace(EVE, email=None))

    eve = replace(nobody, principal=Principal(user_id=user.id))
    assert await eve.read(users.get_me) == user
    async with eve.unit() as uow:
        credentials = await uow.credentials.find(user.id)
    assert credentials is not None
    assert credentials.password_hash is None


@pytest.mark.parametrize("email", ["eve@example.com", None])
async def test_of_many_concurrent_first_uses_one_creates_the_account(nobody: Caller, email: str | None) -> None:
    external_identity = replace(EVE, email=email)
    attempts = [nobody.write(identities.provision, external_identity) for _ in range(5)]

    results = await asyncio.gather(*attempts, return_exceptions=True)

    raised = {type(result) for result in results if isinstance(result, BaseException)}
    assert raised == {EmailTaken if email else IdentityTaken}
    assert await count_users(nobody.database) == 1


async def test_a_rejected_first_use_leaves_no_rows(nobody: Caller) -> None:
    await nobody.write(identities.provision, EVE)

    with pytest.raises(IdentityTaken):
        await nobody.write(identities.provision, replace(EVE, email=None))

    assert await count_users(nobody.database) == 1


async def test_an_identity_is_deleted_with_its_account(nobody: Caller) -> None:
    user = await nobody.write(identities.provision, EVE)

    await replace(nobody, principal=Principal(user_id=user.id)).write(users.delete)

    assert await recognise(nobody.database, EVE.identity, workspace_id=None) is None
    await nobody.write(identities.provision, EVE)


async def test_an_address_needs_its_search_key(nobody: Caller) -> None:
    await nobody.write(identities.provision, EVE)
    transaction = await nobody.database.begin()
    with pytest.raises(StatementFailed) as raised:
        await transaction.run(update(TABLES["users"]), {"email_key": None})
    await transaction.close()

    assert raised.value.constraint == "ck_users_email"


async def test_an_account_of_the_provider_survives_a_downgrade(database_url: str, nobody: Caller, ada: Caller) -> None:
    await nobody.write(identities.provision, EVE)
    carol = await nobody.write(
        identities.provision, ExternalIdentity(identity=Identity(issuer="https://login.example", subject="carol"))
    )
    await nobody.database.close()

    migrations.downgrade(database_url, "0005")
    migrations.upgrade(database_url)

    kept = Caller(database=Database(database_url))
    me = await replace(kept, principal=Principal(user_id=carol.id)).read(users.get_me)
    assert me.email is not None
    assert me.email.endswith("@nobody.invalid")
    await kept.write(passwords.set_by_operator, email=me.email, new_password="new")
    assert await kept.write(sessions.log_in, email=me.email, password="new")
    assert await kept.write(sessions.log_in, email="ada@example.com", password="ada")
    assert await recognise(kept.database, EVE.identity, workspace_id=None) is None
    await kept.database.close()
