"""Zone data comes from the package `tzdata` alone, in every process, whatever the host has."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

from domain import zones

PLANTED = ("Europe/Berlin", "Mars/Olympus", "localtime", "posixrules")
PROGRAM = """
import datetime, json, sys, zoneinfo

berlin = zoneinfo.ZoneInfo("Europe/Berlin")  # what another package may do before
assert berlin.utcoffset(datetime.datetime(2027, 7, 1)) == datetime.timedelta(hours=9), "the host's file is not used"

import {module}
from domain import instants, zones

noon = datetime.datetime(2027, 7, 1, 12)
print(json.dumps({{
    "berlin": instants.instant(noon, time_zone="Europe/Berlin").hour,
    "olympus": instants.instant(noon, time_zone="Mars/Olympus").hour,
    "names": sorted(zones.names()),
    "path": zoneinfo.TZPATH,
}}))
"""


@pytest.mark.parametrize("module", ["app.cli", "domain.instants"])
def test_no_file_of_the_host_is_read(tmp_path: Path, module: str) -> None:
    for name in PLANTED:
        planted = tmp_path / name
        planted.parent.mkdir(exist_ok=True)
        planted.write_bytes(files("tzdata.zoneinfo.Asia").joinpath("Tokyo").read_bytes())

    found = json.loads(
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(module=module)],
            env={**os.environ, "PYTHONTZPATH": str(tmp_path), "TZDIR": str(tmp_path), "TZ": "Asia/Tokyo"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )

    assert found == {"berlin": 10, "olympus": 12, "names": sorted(zones.names()), "path": []}


def test_the_names_are_those_of_the_package_without_those_that_are_not_places() -> None:
    packaged = set(files("tzdata").joinpath("zones").read_text().split())

    assert packaged - zones.names() == {"Factory"}
    assert zones.names() < packaged
    assert {"Europe/Berlin", "UTC", "Asia/Calcutta", "Etc/GMT+12", "US/Eastern"} < zones.names()


def test_each_name_has_rules() -> None:
    assert {zones.zone(name).key for name in zones.names()} == zones.names()


def test_the_data_has_a_version_which_is_that_of_the_package() -> None:
    year, letter = zones.DATA_VERSION[:-1], zones.DATA_VERSION[-1]

    assert version("tzdata").split(".")[:2] == [year, str(ord(letter) - ord("a") + 1)]
