import pytest
import torch
import torch.nn.functional as F

from e4s_studio.networks.fast.generator import Rows, Upsampling
from e4s_studio.networks.ops import fir_kernel


@pytest.mark.parametrize("size", [4, 21])
def test_an_upsampling_by_phases_is_a_transposed_convolution_and_the_filter(size):
    torch.manual_seed(0)
    x, weight = torch.randn(2, size, size, 64), torch.randn(8, 64, 3, 3) / 24
    z = F.conv_transpose2d(x.movedim(-1, 1), weight.transpose(0, 1), stride=2)
    expected = F.conv2d(z, fir_kernel().expand(8, 1, 4, 4), padding=1, groups=8)
    found = Upsampling.of(weight).apply(Rows(x).ring(slice(0, size)))
    torch.testing.assert_close(found.movedim(-1, 1), expected, atol=1e-5, rtol=0)


def test_a_ring_is_zero_outside_the_picture():
    x = torch.ones(1, 4, 3, 2)
    ring = Rows(x).ring(slice(2, 4))
    assert ring.shape == (1, 4, 5, 2)
    assert (ring[:, :3, 1:4] == 1).all()
    assert ring.sum() == x[:, 1:].sum()
