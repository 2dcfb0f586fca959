"""Clients that keep a copy are sent every kind of thing that the log has."""

from domain.events import EVENT_TYPES
from domain.first_sync import KINDS
from domain.model.changes import CHANGE_TYPES
from persistence.changes import LIVE
from tests.support.checking import read_contract

LOGGED = [*dict.fromkeys(event.partition(".")[0] for event in EVENT_TYPES)]
SCHEMAS = read_contract()["components"]["schemas"]


def test_every_kind_of_thing_in_the_log_is_sent_as_a_change() -> None:
    assert set(CHANGE_TYPES) == set(LOGGED), "add the kind to ChangeType in domain/model/changes.py"
    assert set(KINDS) == set(LOGGED), "add its list to the steps in domain/first_sync.py"
    assert {"workspace", *LIVE} == set(LOGGED), "add its table to persistence/changes.py"


def test_the_contract_has_every_kind_of_change() -> None:
    assert SCHEMAS["ChangeType"]["enum"] == [*CHANGE_TYPES]
    assert SCHEMAS["Change"]["properties"]["type"]["x-extensible-enum"] == [*CHANGE_TYPES]
    members = SCHEMAS["Change"]["properties"].keys() - {"type", "id", "revision", "deleted"}
    assert members == set(CHANGE_TYPES), "a change has a member for each kind of thing"
