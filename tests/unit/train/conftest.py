"""What the tests of a training share."""

import pytest
import torch
from small import TINY

from e4s_studio.networks.config import PRESETS


@pytest.fixture
def tiny_preset(monkeypatch):
    """Let the smallest network be a preset, and one thread draw it: equal runs are then equal."""
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
