import pytest
import torch
import torch.nn.functional as F

from e4s_studio.networks.fast.encoder import Affine


@pytest.mark.parametrize("shape", [(2, 32, 32, 24), (1, 128, 128, 16), (3, 13, 13, 7)])
def test_normalises_each_picture_and_channel_by_itself(shape):
    torch.manual_seed(0)
    x = torch.randn(shape) * torch.rand(shape[0], 1, 1, shape[3]) * 9 + torch.randn(shape[3])
    normalised = Affine.normalising(x, gain=0.5)(x)
    exact = F.instance_norm(x.movedim(-1, 1).double()).movedim(1, -1) / 2
    torch.testing.assert_close(normalised.double(), exact, atol=2e-6, rtol=0)


def test_a_mean_far_from_zero_costs_no_more_digits_than_it_must():
    torch.manual_seed(0)
    x = torch.randn(1, 256, 256, 8) + 100
    norm, exact = Affine.normalising(x), x.double()
    variance, mean = torch.var_mean(exact, (1, 2), correction=0, keepdim=True)
    torch.testing.assert_close(norm.scale.double(), variance.rsqrt(), atol=0, rtol=2e-5)
    torch.testing.assert_close((-norm.offset / norm.scale).double(), mean, atol=0, rtol=5e-6)


def test_a_flat_channel_stays_finite():
    x = torch.full((1, 16, 16, 8), 3.0)
    torch.testing.assert_close(Affine.normalising(x)(x), torch.zeros_like(x), atol=1e-3, rtol=0)
