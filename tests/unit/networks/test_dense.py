import pytest
import torch

from e4s_studio.networks import dense, winograd
from e4s_studio.networks.workspace import Workspace


@pytest.mark.parametrize("size", [4, 20, 97])
def test_an_upsampling_is_the_same_by_phases_and_by_winograds_way(size):
    torch.manual_seed(0)
    x, weight = torch.randn(2, size, size, 64), torch.randn(8, 64, 3, 3) / 24
    slots = torch.randint(0, 24, (2, size, size))
    rows = dense.Rows(x, torch.rand(24, 64), slots)
    expected, found = torch.empty(2, 2, 2 * size, 2 * size, 8)
    dense.up(rows, dense.Doubling.of(weight), expected)
    transformed = winograd.doubling().transformed(winograd.taps_of(weight), 64)
    assert size < 97 or len(winograd.doubling().bands(33, 2 * 33, 64)) > 1
    space = Workspace()
    for _ in range(2):  # the second time in memory that holds the first
        dense.up_winograd(rows, transformed, dense.fir_of(weight), found, space)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_a_ring_is_zero_outside_the_picture():
    x = torch.ones(1, 4, 3, 2)
    ring = dense.Rows(x).ring(2, 6, width=7)
    assert ring.shape == (1, 6, 7, 2)
    assert (ring[:, :3, 1:4] == 1).all()
    assert ring.sum() == x[:, 1:].sum()
