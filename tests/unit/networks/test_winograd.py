import pytest
import torch
import torch.nn.functional as F

from e4s_studio.networks import winograd


def convolved(x, weight, scheme, *, slopes=None, by_taps=False):
    """Convolve (B, h, w, in) with a scheme, and return what it gives."""
    taps = winograd.taps_of(weight)
    tiles = [(side - scheme.reach) // scheme.step + 1 for side in x.shape[1:3]]
    y = torch.empty(len(x), *(scheme.size * count for count in tiles), len(weight))
    weight = taps if by_taps else scheme.transformed(taps, weight.shape[1])
    scheme.convolve(x, weight, y, slopes=slopes)
    return y


@pytest.mark.parametrize("size", [(8, 8), (12, 20), (64, 64)])
def test_equals_a_direct_convolution(size):
    torch.manual_seed(0)
    x = torch.randn(2, size[0] + 2, size[1] + 2, 7)
    weight = torch.randn(4, 7, 3, 3)
    direct = F.conv2d(x.movedim(-1, 1).double(), weight.double()).movedim(1, -1)
    y = convolved(x, weight, winograd.plain(*size))
    torch.testing.assert_close(y.double(), direct, atol=1e-4, rtol=0)


def test_equals_a_direct_convolution_with_stride_2():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 13, 21, 7), torch.randn(4, 7, 3, 3)
    direct = F.conv2d(x.movedim(-1, 1).double(), weight.double(), stride=2).movedim(1, -1)
    y = convolved(x, weight, winograd.halving())
    torch.testing.assert_close(y.double(), direct, atol=1e-5, rtol=0)


def test_equals_a_transposed_convolution_in_the_rows_that_it_sees_all_inputs_of():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 10, 13, 7), torch.randn(4, 7, 3, 3)
    nchw, kernel = x.movedim(-1, 1).double(), weight.double().transpose(0, 1)
    direct = F.conv_transpose2d(nchw, kernel, stride=2).movedim(1, -1)
    y = convolved(x, weight, winograd.doubling())
    torch.testing.assert_close(y.double(), direct[:, 2:20, 2:26], atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [16, 32])
def test_is_as_exact_as_a_direct_float32_convolution(size):
    torch.manual_seed(0)
    x = torch.randn(1, size + 2, size + 2, 256)
    weight = torch.randn(64, 256, 3, 3) / 48
    nchw = x.movedim(-1, 1)
    exact = F.conv2d(nchw.double(), weight.double()).movedim(1, -1)
    direct = F.conv2d(nchw, weight).movedim(1, -1)
    y = convolved(x, weight, winograd.plain(size, size))
    assert (y - exact).abs().max() < 3 * (direct - exact).abs().max()


def test_writes_into_rows_of_a_larger_picture():
    torch.manual_seed(0)
    x, weight = torch.randn(1, 10, 18, 6), torch.randn(4, 6, 3, 3)
    whole = torch.zeros(1, 16, 16, 4)
    scheme = winograd.plain(64, 64)
    scheme.convolve(x, scheme.transformed(winograd.taps_of(weight), 6), whole[:, 4:12])
    direct = F.conv2d(x.movedim(-1, 1), weight).movedim(1, -1)
    torch.testing.assert_close(whole[:, 4:12], direct, atol=1e-4, rtol=0)
    assert (whole[:, :4] == 0).all()
    assert (whole[:, 12:] == 0).all()


@pytest.mark.parametrize("size", [8, 64])
def test_transforms_a_weight_on_the_way_and_applies_a_prelu(size):
    torch.manual_seed(0)
    x, weight, slopes = torch.randn(2, 10, 18, 6), torch.randn(4, 6, 3, 3), torch.randn(4)
    y = convolved(x, weight, winograd.plain(size, size), slopes=slopes, by_taps=True)
    direct = F.prelu(F.conv2d(x.movedim(-1, 1), weight).movedim(1, -1).reshape(-1, 4), slopes)
    torch.testing.assert_close(y.view(-1, 4), direct, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("down", "across", "channels"), [(2, 2, 512), (64, 64, 64), (5, 1, 3)])
@pytest.mark.parametrize("scheme", [winograd.plain(64, 64), winograd.doubling()])
def test_bands_cover_every_row_of_tiles_once(scheme, down, across, channels):
    bands = scheme.bands(down, across, channels)
    rows = [row for band in bands for row in range(band.start, band.stop)]
    assert rows == list(range(down))
    heights = [band.stop - band.start for band in bands]
    assert max(heights) - min(heights) <= 1


def test_training_and_half_precision_keep_the_direct_convolution():
    weight = torch.zeros(256, 256, 3, 3)
    assert not winograd.pays(weight, 64, 64)
    with torch.no_grad():
        assert winograd.pays(weight, 64, 64)
        assert not winograd.pays(weight, 62, 64)
        assert not winograd.pays(weight.bfloat16(), 64, 64)
        assert not winograd.pays(weight[:8, :8], 64, 64)
