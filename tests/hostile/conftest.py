"""Hostile input: few of everything with one seed in `make test`, the full numbers in `make soak`."""

import pytest

pytest.register_assert_rewrite("tests.flows.bidders", "tests.flows.court", "tests.faults.setting")

from tests.web.conftest import app, sign_in  # noqa: E402, F401 - fixtures
