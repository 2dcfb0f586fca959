"""The users that Schemathesis logs in as, from `people.yaml`."""

import json
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("people.yaml")


def credentials() -> dict[str, dict[str, str]]:
    """The body of each user's log-in, by name."""
    entries = yaml.safe_load(_FILE.read_text())["auth"]
    return {entry["name"]: json.loads(entry["loginEndpointAuth"]["payloadRaw"]) for entry in entries}
