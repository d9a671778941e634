import pytest
import torch
import torch.nn.functional as F

from e4s_studio.networks import winograd


@pytest.mark.parametrize("shape", [(1, 3, 5, 8, 8), (2, 7, 4, 12, 20)])
def test_equals_a_direct_convolution(shape):
    batch, channels, out, height, width = shape
    torch.manual_seed(0)
    x = torch.randn(batch, height + 2, width + 2, channels)
    weight = torch.randn(out, channels, 3, 3)
    y = torch.empty(batch, height, width, out)
    taps = winograd.taps_of(weight)
    winograd.convolve(x, winograd.transformed(taps, channels), out=y)
    direct = F.conv2d(x.movedim(-1, 1).double(), weight.double()).movedim(1, -1)
    torch.testing.assert_close(y.double(), direct, atol=1e-4, rtol=0)


def test_is_as_exact_as_a_direct_float32_convolution():
    torch.manual_seed(0)
    x = torch.randn(1, 34, 34, 256)
    weight = torch.randn(64, 256, 3, 3) / 48
    y = torch.empty(1, 32, 32, 64)
    winograd.convolve(x, winograd.transformed(winograd.taps_of(weight), 256), out=y)
    nchw = x.movedim(-1, 1)
    exact = F.conv2d(nchw.double(), weight.double()).movedim(1, -1)
    direct = F.conv2d(nchw, weight).movedim(1, -1)
    assert (y - exact).abs().max() < 3 * (direct - exact).abs().max()


def test_writes_into_rows_of_a_larger_picture():
    torch.manual_seed(0)
    x, weight = torch.randn(1, 10, 18, 6), torch.randn(4, 6, 3, 3)
    whole = torch.zeros(1, 16, 16, 4)
    winograd.convolve(x, winograd.transformed(winograd.taps_of(weight), 6), out=whole[:, 4:12])
    direct = F.conv2d(x.movedim(-1, 1), weight).movedim(1, -1)
    torch.testing.assert_close(whole[:, 4:12], direct, atol=1e-4, rtol=0)
    assert (whole[:, :4] == 0).all()
    assert (whole[:, 12:] == 0).all()


def test_transforms_a_weight_on_the_way_and_applies_a_prelu():
    torch.manual_seed(0)
    x, weight, slopes = torch.randn(2, 10, 18, 6), torch.randn(4, 6, 3, 3), torch.randn(4)
    y = torch.empty(2, 8, 16, 4)
    winograd.convolve(x, winograd.taps_of(weight), out=y, slopes=slopes)
    direct = F.prelu(F.conv2d(x.movedim(-1, 1), weight), slopes).movedim(1, -1)
    torch.testing.assert_close(y, direct, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("height", "width", "channels"), [(8, 8, 512), (256, 256, 64), (20, 4, 3)])
def test_bands_are_whole_tiles_and_cover_every_row_once(height, width, channels):
    bands = winograd.bands(height, width, channels)
    rows = [row for band in bands for row in range(band.start, band.stop)]
    assert rows == list(range(height))
    assert all(band.start % 4 == band.stop % 4 == 0 for band in bands)


def test_training_and_half_precision_keep_the_direct_convolution():
    weight = torch.zeros(256, 256, 3, 3)
    assert not winograd.pays(weight, 64, 64)
    with torch.no_grad():
        assert winograd.pays(weight, 64, 64)
        assert not winograd.pays(weight, 62, 64)
        assert not winograd.pays(weight.bfloat16(), 64, 64)
        assert not winograd.pays(weight[:8, :8], 64, 64)
