"""What a grant is refused, and in which order it is asked."""

import pytest

from tickbox_contract.engine.access import AccessRule, AuthContext, Vocabulary
from tickbox_contract.engine.problems import Refused

VOCABULARY = Vocabulary(roles=("observer", "keeper", "director"), scopes=("read", "write"))
WRITE_AS_KEEPER = AccessRule.parse({"scope": "write", "role": "keeper"}, VOCABULARY)


@pytest.mark.parametrize(
    ("role", "scopes", "slug"),
    [
        (None, {"write"}, "not-found"),
        (None, {"read"}, "not-found"),
        (None, set(), "not-found"),
        ("observer", {"write"}, "insufficient-role"),
        ("observer", {"read"}, "insufficient-role"),
        ("keeper", {"read"}, "insufficient-scope"),
        ("director", set(), "insufficient-scope"),
    ],
)
def test_the_role_is_asked_before_the_scope_so_that_a_stranger_learns_nothing(
    role: str | None, scopes: set[str], slug: str
) -> None:
    with pytest.raises(Refused) as refused:
        WRITE_AS_KEEPER.admit(AuthContext(principal=None, scopes=frozenset(scopes), role=role))
    assert refused.value.response.type.slug == slug


def test_a_scope_that_does_not_count_here_is_not_called_missing() -> None:
    withheld = {"write": "limited to certain places"}
    with pytest.raises(Refused) as refused:
        WRITE_AS_KEEPER.admit(AuthContext(principal=None, scopes=frozenset({"read"}), role="keeper", withheld=withheld))
    assert refused.value.response.type.slug == "insufficient-scope"
    assert refused.value.response.detail == (
        "This needs the scope 'write', which does not count here: your token is limited to certain places. "
        "Use one that is not."
    )


@pytest.mark.parametrize("role", ["keeper", "director"])
def test_the_role_that_is_needed_and_those_above_it_are_enough(role: str) -> None:
    WRITE_AS_KEEPER.admit(AuthContext(principal=None, scopes=frozenset({"write"}), role=role))
