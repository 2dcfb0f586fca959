import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import AfterValidator, BaseModel

from tests.contract.sample.store import NameTakenError, UnitOfWork
from tickbox_contract.responses import (
    Event,
    Part,
    Perform,
    Problem,
    ProblemType,
    Response,
    created,
    events,
    no_content,
    ok,
    problem,
)

LATER = ProblemType("later", 409, "Later")


def _zone(text: str) -> str:
    if text != "UTC":
        raise ValueError
    return text


class StationPatch(BaseModel):
    """Knows one thing that the contract cannot say: which time zones there are."""

    name: str | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


async def list_stations(uow: UnitOfWork, *, limit: int, open: bool | None = None) -> Response:  # noqa: A002  # as the contract says
    stations = [found for found in uow.stations.values() if open is None or found.get("open") is open]
    return ok({"items": stations[:limit]})


async def create_station(uow: UnitOfWork, *, body: dict[str, Any]) -> Response:
    if any(found["name"] == body["name"] for found in uow.stations.values()):
        raise NameTakenError
    if body["name"] == "Later":
        return problem(LATER, "Come back later.")
    station_id = UUID(body.pop("id", None) or str(uuid4()))
    body.pop("secret", None)
    uow.stations[station_id] = {**body, "id": station_id, "revision": 1}
    return created(uow.stations[station_id], location=f"/stations/{station_id}")


async def create_stations(uow: UnitOfWork, *, body: dict[str, Any], perform: Perform) -> Response:
    return await _performed(body, {}, perform)


async def change_station(uow: UnitOfWork, station_id: UUID, *, body: dict[str, Any], perform: Perform) -> Response:
    return await _performed(body, {"station_id": station_id}, perform)


async def _performed(batch: dict[str, Any], path: dict[str, Any], perform: Perform) -> Response:
    results = []
    for index, each in enumerate(batch["parts"]):
        given = each["station"]
        part = Part(
            operation_id=each["operation"],
            path=path,
            body=StationPatch(**given) if path else dict(given),
            if_match=each.get("if_match"),
            place=("parts", index),
            body_place=("parts", index, "station"),
        )
        response = await perform(part, alone=batch["alone"])
        name = "problem" if isinstance(response, Problem) else "station"
        results.append({"status": response.status, name: response.content})
    return ok({"results": results})


async def get_station(uow: UnitOfWork, station_id: UUID) -> Response:
    return ok(uow.station(station_id))


async def update_station(uow: UnitOfWork, station_id: UUID, *, body: StationPatch) -> Response:
    station = uow.station(station_id)
    if body.name is not None:
        station |= {"name": body.name, "revision": station["revision"] + 1}
    return ok(station)


async def put_station(uow: UnitOfWork, station_id: UUID, *, body: StationPatch) -> Response:
    revision = uow.stations.get(station_id, {"revision": 0})["revision"] + 1
    uow.stations[station_id] = {"id": station_id, "name": body.name or "", "revision": revision}
    return ok(uow.stations[station_id])


async def delete_station(uow: UnitOfWork, station_id: UUID) -> Response:
    uow.station(station_id)
    del uow.stations[station_id]
    return no_content()


async def get_report(uow: UnitOfWork, station_id: UUID) -> Response:
    if station_id.int == 0:
        return Response(status=200, content=b"\x00\xff", media_type="application/octet-stream")
    if station_id.int == 2:
        return Response(status=200, content=b"x" * 200_000, media_type="application/octet-stream")
    if station_id.int == 1:
        return Response(status=200, content="sunny", media_type="text/plain")
    return Response(status=200, content={"status": "sunny"})


async def watch_station(uow: UnitOfWork, station_id: UUID, *, kind: str) -> Response:
    return events(_stream(uow, kind))


async def follow_readings(uow: UnitOfWork, station_id: UUID) -> Response:
    uow.station(station_id)
    return events(_readings(uow))


async def _readings(uow: UnitOfWork) -> AsyncGenerator[Event, None]:
    """One at each wake-up, until the caller may no longer see them."""
    try:
        while await uow.context.is_admitted():
            yield Event(content={"status": "sunny"})
            await asyncio.sleep(0.001)
    finally:
        uow.store.closed_streams.append("readings")


async def _stream(uow: UnitOfWork, kind: str) -> AsyncGenerator[Event, None]:
    try:
        yield Event(content={"status": "sunny"}, id="1", type="weather")
        while kind == "endless" and await uow.context.is_admitted():
            await asyncio.sleep(0.001)
            yield Event(content={"status": "sunny"})
        if kind == "failing":
            raise ZeroDivisionError
        yield Event(content={"status": "rainy"} | ({"secret": "x"} if kind == "leaking" else {}))
    finally:
        uow.store.closed_streams.append(kind)
