import sys

import pytest
import yaml

from app.adapters.passwords.blocklist import is_guessable
from app.main import contract_path
from tests.fuzzing.people import credentials
from tests.support.clients import PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "password",
        "PassWord",
        "trustno1",
        "iloveyou",
        "elizabeth",
        "government",
        "\N{FULLWIDTH LATIN SMALL LETTER P}assword",
    ],
)
def test_the_most_common_passwords_are_guessable(password: str) -> None:
    assert is_guessable(password, known=())


@pytest.mark.parametrize(
    "password",
    ["", "\0", "passwor", "ppassword", "password 4711", "12345678\0password", "x" * 128, "\N{CROWN}" * 128],
)
def test_a_password_longer_or_shorter_than_a_listed_word_is_not_guessable(password: str) -> None:
    assert not is_guessable(password, known=())


def test_the_owner_s_name_and_address_are_guessable_in_any_case() -> None:
    known = ("Ada.Lovelace@Example.com", "Stra\N{LATIN SMALL LETTER SHARP S}enbahn")
    assert is_guessable("ada.lovelace@example.com", known=known)
    assert is_guessable("STRASSENBAHN", known=known)
    assert not is_guessable("ada.lovelace@example.org", known=known)


@pytest.mark.unmeasured
def test_the_passwords_of_the_examples_are_not_guessable() -> None:
    shown = {"tea and analytical engines", PASSWORD, *(each["password"] for each in credentials().values())}
    text = contract_path().read_text(encoding="utf-8")
    assert yaml.safe_load(text)["components"]["schemas"]["UserCreate"]["properties"]["password"]["example"] in shown
    assert not [password for password in shown if is_guessable(password, known=("ada@example.com", "Ada Lovelace"))]


def test_only_the_words_of_the_package_stay_in_memory() -> None:
    is_guessable("password", known=())
    assert not [name for name in sys.modules if "zxcvbn" in name or "frequency_lists" in name]
