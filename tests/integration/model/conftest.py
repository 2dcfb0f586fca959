"""What the assertions outside of the test's own module compare is shown when they fail."""

import pytest

pytest.register_assert_rewrite(*(f"tests.integration.model.{name}" for name in ("comparison", "machine", "reminding")))
