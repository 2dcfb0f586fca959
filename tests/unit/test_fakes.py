"""What a new resource relies on in the fakes, and no resource that exists uses."""

from dataclasses import dataclass
from uuid import UUID

from tests.support.fakes.store import Store

HOME, CLUB, ID = UUID(int=1), UUID(int=2), UUID(int=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    workspace_id: UUID
    id: UUID


def test_what_the_store_keeps_of_a_new_entity_is_deleted_with_its_workspace() -> None:
    store = Store()
    store.of(Label).update({(place, ID): Label(workspace_id=place, id=ID) for place in (HOME, CLUB)})
    store.delete_in([HOME])
    assert store.of(Label).keys() == {(CLUB, ID)}
