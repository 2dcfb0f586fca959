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
def test_what_everybody_tries_first_is_guessable(password: str) -> None:
    assert is_guessable(password, known=())


@pytest.mark.parametrize(
    "password",
    ["", "\0", "passwor", "ppassword", "password 4711", "12345678\0password", "x" * 128, "\N{CROWN}" * 128],
)
def test_more_or_less_than_a_word_of_the_lists_is_not(password: str) -> None:
    assert not is_guessable(password, known=())


def test_what_is_known_of_the_owner_is_guessable_in_whatever_case() -> None:
    known = ("Ada.Lovelace@Example.com", "Stra\N{LATIN SMALL LETTER SHARP S}enbahn")
    assert is_guessable("ada.lovelace@example.com", known=known)
    assert is_guessable("STRASSENBAHN", known=known)
    assert not is_guessable("ada.lovelace@example.org", known=known)


def test_the_examples_are_not() -> None:
    shown = {"tea and analytical engines", PASSWORD, *(each["password"] for each in credentials().values())}
    text = contract_path().read_text(encoding="utf-8")
    assert yaml.safe_load(text)["components"]["schemas"]["UserCreate"]["properties"]["password"]["example"] in shown
    assert not [password for password in shown if is_guessable(password, known=("ada@example.com", "Ada Lovelace"))]


def test_nothing_of_the_package_stays_in_memory_but_its_words() -> None:
    is_guessable("password", known=())
    assert not [name for name in sys.modules if "zxcvbn" in name or "frequency_lists" in name]
