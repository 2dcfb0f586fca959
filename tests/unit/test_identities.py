from pathlib import Path

import pytest

from domain import identities, passwords, sessions, users
from domain.identities import MAX_NAME_CHARS, ExternalIdentity, provision
from domain.model.identities import Identity, IdentityTaken
from domain.model.passwords import PasswordWrong
from domain.model.sessions import WrongCredentials
from domain.model.users import EmailTaken, User
from domain.policy import Policy
from domain.principals import Principal
from tests.support.checking import read_contract
from tests.support.fakes.unit_of_work import FakeUnitOfWork

ADA = Identity(issuer="https://login.example", subject="ada")
CONTRACT = Path(__file__).parents[2] / "spec" / "openapi.yaml"


def of(uow: FakeUnitOfWork, user: User) -> FakeUnitOfWork:
    """A unit of work of *user* with a token of the identity provider."""
    return uow.unit(principal=Principal(user_id=user.id))


async def test_a_first_use_creates_an_account_with_a_personal_workspace_and_its_inbox() -> None:
    uow = FakeUnitOfWork()

    user = await provision(
        uow,
        ExternalIdentity(
            identity=ADA,
            email="Ada@Example.com",
            email_verified=True,
            names=("Ada", "ada99"),
            time_zone="Europe/London",
        ),
    )

    (workspace,) = uow.store.workspaces.values()
    (member,) = uow.store.members.values()
    (inbox,) = uow.store.projects.values()
    assert (user.email, user.name, user.time_zone, user.revision) == ("Ada@Example.com", "Ada", "Europe/London", 1)
    assert uow.store.identities == {ADA: user.id}
    assert (workspace.personal, member.user_id, member.role, member.name) == (True, user.id, "owner", "Ada")
    assert inbox.is_inbox


async def test_a_token_needs_only_issuer_and_subject() -> None:
    user = await provision(FakeUnitOfWork(), ExternalIdentity(identity=ADA))

    assert (user.email, user.name, user.time_zone) == (None, "New user", "UTC")


async def test_an_unverified_address_is_not_stored() -> None:
    uow = FakeUnitOfWork()

    user = await provision(uow, ExternalIdentity(identity=ADA, email="ada@example.com"))

    assert user.email is None
    assert not uow.store.email_keys


async def test_many_accounts_may_have_no_address() -> None:
    uow = FakeUnitOfWork()

    for subject in ("ada", "bob"):
        await provision(
            uow.unit(), ExternalIdentity(identity=Identity(issuer="https://login.example", subject=subject))
        )

    assert len(uow.store.users) == 2


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@EXAMPLE.COM"])
async def test_the_address_of_another_account_is_not_taken_over(uow: FakeUnitOfWork, spelling: str) -> None:
    with pytest.raises(EmailTaken):
        await provision(uow.unit(), ExternalIdentity(identity=ADA, email=spelling, email_verified=True))


async def test_an_identity_has_one_account() -> None:
    uow = FakeUnitOfWork()
    await provision(uow.unit(), ExternalIdentity(identity=ADA))

    with pytest.raises(IdentityTaken):
        await provision(uow.unit(), ExternalIdentity(identity=ADA))


async def test_the_same_subject_of_another_provider_is_another_identity() -> None:
    uow = FakeUnitOfWork()
    await provision(uow.unit(), ExternalIdentity(identity=ADA))

    await provision(uow.unit(), ExternalIdentity(identity=Identity(issuer="https://other.example", subject="ada")))

    assert len(uow.store.users) == 2


async def test_a_user_of_the_provider_gets_an_account_although_registration_is_closed() -> None:
    uow = FakeUnitOfWork(policy=Policy(registration="closed"))

    assert await provision(uow, ExternalIdentity(identity=ADA))


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (("Ada Lovelace", "ada"), "Ada Lovelace"),
        (("ada",), "ada"),
        (("", "ada"), "ada"),
        ((" \t\n", "ada"), "ada"),
        (("\0\x1b\x7f\x85\u2028\ud800", "ada"), "ada"),
        (("  Ada\r\nLove\0lace ",), "AdaLovelace"),
        (("Ad\u00e0 \N{CROWN}\u200d\N{CROWN}",), "Ad\u00e0 \N{CROWN}\u200d\N{CROWN}"),
        (("x" * 101,), "x" * 100),
        (("x" * 99 + " y",), "x" * 99),
        (("\0" * 1000 + "Ada",), "Ada"),
        (("", " "), "New user"),
        ((), "New user"),
    ],
)
async def test_a_name_is_cleaned_for_display(names: tuple[str, ...], name: str) -> None:
    assert (await provision(FakeUnitOfWork(), ExternalIdentity(identity=ADA, names=names))).name == name


def test_a_name_has_the_same_greatest_length_as_a_chosen_one() -> None:
    contract = read_contract()
    limits = contract["components"]["schemas"]["UserCreate"]["properties"]["name"]

    assert limits["maxLength"] == MAX_NAME_CHARS
    assert limits["minLength"] <= len(identities.NAMELESS) <= limits["maxLength"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "europe/london", "../../etc/passwd", "", "UTC\0"])
async def test_an_unknown_time_zone_is_ignored(zone: str) -> None:
    assert (await provision(FakeUnitOfWork(), ExternalIdentity(identity=ADA, time_zone=zone))).time_zone == "UTC"


async def test_a_log_in_to_an_account_without_a_password_fails_with_the_same_work() -> None:
    uow = FakeUnitOfWork()
    await provision(uow.unit(), ExternalIdentity(identity=ADA, email="ada@example.com", email_verified=True))
    attempt = uow.unit()

    for guess in ("", "None", "guess"):
        with pytest.raises(WrongCredentials):
            await sessions.log_in(attempt, email="ada@example.com", password=guess)

    assert attempt.passwords.verifications == 3
    assert not uow.store.sessions


async def test_a_caller_with_a_token_cannot_set_a_first_password() -> None:
    uow = FakeUnitOfWork()
    user = await provision(uow.unit(), ExternalIdentity(identity=ADA))
    attempt = of(uow, user)

    with pytest.raises(PasswordWrong):
        await passwords.change(attempt, current_password="", new_password="new")

    assert attempt.passwords.verifications == 1
    assert uow.store.password_hashes == {user.id: None}


async def test_an_operator_can_set_a_first_password() -> None:
    uow = FakeUnitOfWork()
    user = await provision(uow.unit(), ExternalIdentity(identity=ADA, email="ada@example.com", email_verified=True))

    await passwords.set_by_operator(uow.unit(), email="ada@example.com", new_password="new")

    begun = await sessions.log_in(uow.unit(), email="ada@example.com", password="new")
    assert begun.session.user_id == user.id


async def test_a_caller_without_a_session_ends_all_sessions(uow: FakeUnitOfWork) -> None:
    await sessions.log_in(uow.unit(), email="ada@example.com", password="correct horse")
    without = uow.unit(principal=Principal(user_id=uow.principal.user_id))

    await passwords.change(without, current_password="correct horse", new_password="new")

    assert not uow.store.sessions


async def test_an_identity_is_deleted_with_its_account_and_can_be_used_again() -> None:
    uow = FakeUnitOfWork()
    first = await provision(uow.unit(), ExternalIdentity(identity=ADA))

    await users.delete(of(uow, first))

    assert not uow.store.identities
    assert (await provision(uow.unit(), ExternalIdentity(identity=ADA))).id != first.id
