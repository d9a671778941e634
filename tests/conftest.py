"""What holds for all tests."""

import signal

import pytest


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_works() -> None:
    """Tests press Ctrl-C, here and in programs they start; a job in the background ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
