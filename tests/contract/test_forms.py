"""The published schema of OpenAPI 3.0, of which the distribution has a copy."""

from __future__ import annotations

import json

from openapi_spec_validator.schemas import schema_v30

from tickbox_contract.openapi.published import published_schema


def test_our_copy_is_what_is_published() -> None:
    assert published_schema() == json.loads(json.dumps(dict(schema_v30), default=dict))
