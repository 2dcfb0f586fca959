import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import AfterValidator, BaseModel

from contract.answers import Answer, Event, ProblemType, created, events, no_content, ok, problem
from tests.contract.sample.store import NameTakenError, Work

LATER = ProblemType("later", 409, "Later")


def _zone(text: str) -> str:
    if text != "UTC":
        raise ValueError
    return text


class StationPatch(BaseModel):
    """Knows one thing that the contract cannot say: which time zones there are."""

    name: str | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


async def list_stations(work: Work, *, limit: int, open: bool | None = None) -> Answer:  # noqa: A002  # as the contract says
    stations = [found for found in work.stations.values() if open is None or found.get("open") is open]
    return ok({"items": stations[:limit]})


async def create_station(work: Work, *, body: dict[str, Any]) -> Answer:
    if any(found["name"] == body["name"] for found in work.stations.values()):
        raise NameTakenError
    if body["name"] == "Later":
        return problem(LATER, "Come back later.")
    station_id = UUID(body.pop("id", None) or str(uuid4()))
    body.pop("secret", None)
    work.stations[station_id] = {**body, "id": station_id, "revision": 1}
    return created(work.stations[station_id], location=f"/stations/{station_id}")


async def get_station(work: Work, station_id: UUID) -> Answer:
    return ok(work.station(station_id))


async def update_station(work: Work, station_id: UUID, *, body: StationPatch) -> Answer:
    station = work.station(station_id)
    if body.name is not None:
        station |= {"name": body.name, "revision": station["revision"] + 1}
    return ok(station)


async def put_station(work: Work, station_id: UUID, *, body: StationPatch) -> Answer:
    revision = work.stations.get(station_id, {"revision": 0})["revision"] + 1
    work.stations[station_id] = {"id": station_id, "name": body.name or "", "revision": revision}
    return ok(work.stations[station_id])


async def delete_station(work: Work, station_id: UUID) -> Answer:
    work.station(station_id)
    del work.stations[station_id]
    return no_content()


async def get_report(work: Work, station_id: UUID) -> Answer:
    if station_id.int == 0:
        return Answer(status=200, content=b"\x00\xff", media_type="application/octet-stream")
    if station_id.int == 2:
        return Answer(status=200, content=b"x" * 200_000, media_type="application/octet-stream")
    if station_id.int == 1:
        return Answer(status=200, content="sunny", media_type="text/plain")
    return Answer(status=200, content={"status": "sunny"})


async def watch_station(work: Work, station_id: UUID, *, kind: str) -> Answer:
    return events(_stream(work, kind))


async def follow_readings(work: Work, station_id: UUID) -> Answer:
    work.station(station_id)
    return events(_readings(work))


async def _readings(work: Work) -> AsyncGenerator[Event, None]:
    """One at each wake-up, until the caller may no longer see them."""
    try:
        while await work.call.is_admitted():
            yield Event(content={"status": "sunny"})
            await asyncio.sleep(0.001)
    finally:
        work.store.closed_streams.append("readings")


async def _stream(work: Work, kind: str) -> AsyncGenerator[Event, None]:
    try:
        yield Event(content={"status": "sunny"}, id="1", type="weather")
        while kind == "endless" and await work.call.is_admitted():
            await asyncio.sleep(0.001)
            yield Event(content={"status": "sunny"})
        if kind == "failing":
            raise ZeroDivisionError
        yield Event(content={"status": "rainy"} | ({"secret": "x"} if kind == "leaking" else {}))
    finally:
        work.store.closed_streams.append(kind)
