import pytest
import torch
import torch.nn.functional as F

from e4s_studio.networks.fast import WeightCache, winograd
from e4s_studio.networks.fast.cache import Workspace


def convolved(x, weight, scheme, *, slopes=None):
    """Convolve (B, h, w, in) with a scheme, and return what it gives."""
    tiles = [(side - scheme.reach) // scheme.step + 1 for side in x.shape[1:3]]
    y = torch.empty(len(x), *(scheme.size * count for count in tiles), len(weight))
    scheme.convolve(x, scheme.transform(weight), y, Workspace(WeightCache()), slopes)
    return y


@pytest.mark.parametrize("scheme", [winograd.few(), winograd.many()])
@pytest.mark.parametrize("size", [(8, 8), (12, 20), (64, 64)])
def test_equals_a_direct_convolution(size, scheme):
    torch.manual_seed(0)
    x = torch.randn(2, size[0] + 2, size[1] + 2, 7)
    weight = torch.randn(4, 7, 3, 3)
    direct = F.conv2d(x.movedim(-1, 1).double(), weight.double()).movedim(1, -1)
    y = convolved(x, weight, scheme)
    torch.testing.assert_close(y.double(), direct, atol=1e-4, rtol=0)


def test_equals_a_direct_convolution_with_stride_2():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 13, 21, 7), torch.randn(4, 7, 3, 3)
    direct = F.conv2d(x.movedim(-1, 1).double(), weight.double(), stride=2).movedim(1, -1)
    y = convolved(x, weight, winograd.halving())
    torch.testing.assert_close(y.double(), direct, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [16, 32])
def test_is_as_exact_as_a_direct_float32_convolution(size):
    torch.manual_seed(0)
    x = torch.randn(1, size + 2, size + 2, 256)
    weight = torch.randn(64, 256, 3, 3) / 48
    nchw = x.movedim(-1, 1)
    exact = F.conv2d(nchw.double(), weight.double()).movedim(1, -1)
    direct = F.conv2d(nchw, weight).movedim(1, -1)
    y = convolved(x, weight, winograd.few() if size == 16 else winograd.many())
    assert (y - exact).abs().max() < 3 * (direct - exact).abs().max()


def test_writes_into_rows_of_a_larger_picture():
    torch.manual_seed(0)
    x, weight = torch.randn(1, 10, 18, 6), torch.randn(4, 6, 3, 3)
    whole = torch.zeros(1, 16, 16, 4)
    scheme = winograd.many()
    scheme.convolve(x, scheme.transform(weight), whole[:, 4:12], Workspace(WeightCache()))
    direct = F.conv2d(x.movedim(-1, 1), weight).movedim(1, -1)
    torch.testing.assert_close(whole[:, 4:12], direct, atol=1e-4, rtol=0)
    assert (whole[:, :4] == 0).all()
    assert (whole[:, 12:] == 0).all()


def test_applies_a_prelu():
    torch.manual_seed(0)
    x, weight, slopes = torch.randn(2, 10, 18, 6), torch.randn(4, 6, 3, 3), torch.randn(4)
    y = convolved(x, weight, winograd.many(), slopes=slopes)
    direct = F.prelu(F.conv2d(x.movedim(-1, 1), weight).movedim(1, -1).reshape(-1, 4), slopes)
    torch.testing.assert_close(y.view(-1, 4), direct, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("height", "across", "channels"), [(8, 8, 512), (256, 256, 64), (20, 4, 3)]
)
@pytest.mark.parametrize("scheme", [winograd.many(), winograd.halving()])
def test_bands_cover_every_row_once(scheme, height, across, channels):
    bands = scheme.bands(height, across, channels)
    rows = [row for band in bands for row in range(band.start, band.stop)]
    assert rows == list(range(height))
    heights = [band.stop - band.start for band in bands]
    assert max(heights) - min(heights) <= scheme.size


def test_few_channels_and_odd_sizes_keep_the_direct_convolution():
    weight = torch.zeros(256, 256, 3, 3)
    assert winograd.scheme_of(weight, 64, 64) is winograd.many()
    assert winograd.scheme_of(weight, 62, 64) is None
    assert winograd.scheme_of(weight[:8, :8], 64, 64) is None
    assert winograd.scheme_of(weight, 32, 32, stride=2) is None
