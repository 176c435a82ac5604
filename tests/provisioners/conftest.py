"""What the tests of the provisioners share."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.contracts.provisioner")
