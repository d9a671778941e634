"""The executor against the modules that it replaces: gradients, when recorded, keep it out."""

import numpy as np
import pytest
import rgi_golden
import torch

from e4s_studio.networks import fast
from e4s_studio.networks.config import REGIONS, RGIConfig
from e4s_studio.networks.rgi import RGI

CONFIG = RGIConfig(
    size=128,
    code_layers=8,
    style_dim=16,
    hidden=16,
    mapping_layers=0,
    channels=(80, 80, 72, 72, 64, 24),
    stem=16,
    encoder_groups=((1, 64), (2, 72), (2, 80), (1, 80)),
    encoder_input=128,
)
"""Layers with a code for each region and without, above and below Winograd's least widths."""
SIDE = 64
LEAST_DECIBELS = 40.0
"""bfloat16 keeps 8 bits: errors of about 2⁻⁹ of the features' size, in a sum over the layers."""


def face():
    if rgi_golden.GOLDEN.is_dir():
        labels = np.load(rgi_golden.GOLDEN / "rgi_256_k13.npz")["label_map"]
        return torch.from_numpy(labels).long()
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
    return torch.where(x**2 + y**2 < 0.7, 6, 4)


LINE = torch.arange(SIDE)
MAPS = {
    "face": face(),
    "one region": torch.full((SIDE, SIDE), 5),
    "random pixels": torch.from_numpy(np.random.default_rng(0).integers(0, REGIONS, (SIDE, SIDE))),
    "checkerboard": 2 + 7 * ((LINE[:, None] + LINE) % 2),
    "stripes": (LINE % REGIONS)[:, None].expand(SIDE, SIDE),
}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    net = RGI(CONFIG).eval().requires_grad_(requires_grad=False)
    for key, value in net.G.named_parameters():
        if key.endswith("bias") or "noise.weight" in key:
            value.add_(0.3 * torch.randn_like(value))
    return net


def picture(net, labels, dtype):
    torch.manual_seed(1)
    codes = torch.randn(1, REGIONS, CONFIG.n_latent, CONFIG.style_dim)
    *_, last = net.G.stages(codes, net.layout(labels[None]), dtype=dtype)
    return last.rgb


@pytest.mark.parametrize("name", MAPS)
def test_draws_what_the_modules_draw(network, name):
    modules = picture(network, MAPS[name], torch.float32)
    with torch.no_grad():
        executor = picture(network, MAPS[name], torch.float32)
        half = picture(network, MAPS[name], torch.bfloat16)
    assert not torch.equal(executor, modules)  # two ways, not one
    torch.testing.assert_close(executor, modules, atol=1e-4, rtol=0)
    peak = 4 * modules.std()
    assert 20 * torch.log10(peak / (half - modules).square().mean().sqrt()) > LEAST_DECIBELS


@pytest.mark.parametrize("name", MAPS)
def test_encodes_what_the_modules_encode(network, name):
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(2)) * 2 - 1
    modules = network.encode_labels(image, MAPS[name][None])
    with torch.no_grad():
        executor = network.encode_labels(image, MAPS[name][None])
    torch.testing.assert_close(executor, modules, atol=1e-4, rtol=0)


def test_runs_where_no_gradients_are_recorded_on_a_cpu_in_two_types():
    x = torch.zeros(1)
    assert not fast.can_run_fast(x)
    with torch.no_grad():
        assert fast.can_run_fast(x)
        assert fast.can_run_fast(x.bfloat16())
        assert not fast.can_run_fast(x.half())
        assert not fast.can_run_fast(x.double())
        assert not fast.can_run_fast(x.to("meta"))
