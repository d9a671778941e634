"""The generator against the sum of twelve whole convolutions."""

import copy
from dataclasses import replace

import pytest
import rgi_naive
import torch
import torch.nn.functional as F

from e4s_studio.networks.config import REGIONS, RGIConfig
from e4s_studio.networks.layers import SkipRGB, StyledConv, ToRGB
from e4s_studio.networks.layout import make_grid
from e4s_studio.networks.rgi import RGI

R = 32
DIM = 8
TINY = RGIConfig(
    size=64,
    code_layers=8,
    style_dim=DIM,
    hidden=12,
    mapping_layers=0,
    channels=(24, 24, 20, 16, 8),
    stem=4,
    encoder_groups=((1, 6), (1, 8), (1, 10), (1, 10)),
)


def face(size: int) -> torch.Tensor:
    """Discs in a disc: large insides, curved edges, some regions missing."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    labels = torch.where(x**2 + y**2 < 0.7, 6, 4)
    labels[(x**2 + (y - 0.4) ** 2) < 0.05] = 1
    labels[((x.abs() - 0.4) ** 2 + (y + 0.2) ** 2) < 0.03] = 3
    return labels


def stripes(size: int) -> torch.Tensor:
    return (torch.arange(size) % REGIONS)[:, None].expand(size, size).contiguous()


def checkerboard(size: int) -> torch.Tensor:
    return 2 + 7 * ((torch.arange(size)[:, None] + torch.arange(size)) % 2)


def single_pixels(size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, REGIONS, (size, size), generator=generator)


MAPS = {
    "face": face(64),
    "one region": torch.full((64, 64), 5),
    "single pixels": single_pixels(64),
    "checkerboard": checkerboard(64),
    "stripes across": stripes(64),
    "stripes down": stripes(64).T,
    "coarser than the layer": single_pixels(8),
    "not square": single_pixels(64)[:40],
    "lone pixels": torch.where(single_pixels(64) == 0, single_pixels(64).flip(0), 6),
}
by_map = pytest.mark.parametrize("name", MAPS)


def onehot(labels: torch.Tensor) -> torch.Tensor:
    return F.one_hot(labels, REGIONS).movedim(-1, 1).float()


def batch(name: str, size: int) -> torch.Tensor:
    """Two samples: the map, and the map turned with other regions."""
    labels = MAPS[name][None]
    return torch.cat([labels, (labels.flip(1) + 5) % REGIONS])[:size]


def small_network(config: RGIConfig = TINY) -> RGI:
    torch.manual_seed(1)
    net = RGI(config).eval().requires_grad_(requires_grad=False)
    for key, value in net.state_dict().items():
        if key.endswith("bias") or "noise.weight" in key:
            value.add_(0.3 * torch.randn_like(value))
    return net


def first(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(-1, 1)


@by_map
@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("samples", [1, 2])
@torch.inference_mode()
def test_a_styled_layer_equals_the_naive_sum(name, up, samples):
    torch.manual_seed(2)
    layer = StyledConv(24, 20, DIM, up=up)
    layer.noise.weight.fill_(0.4)
    layer.activate.bias.normal_()
    source = R // 2 if up else R
    x = torch.randn(samples, source, source, 24)
    codes = torch.randn(samples, REGIONS, DIM)
    noise = torch.randn(1, 1, R, R)
    labels = batch(name, samples)

    fast = layer(x, codes, noise, make_grid(labels, R))
    naive = rgi_naive.styled(layer, first(x), codes, noise, onehot(labels))

    torch.testing.assert_close(first(fast), naive, atol=2e-5, rtol=0)


@pytest.mark.parametrize("up", [False, True])
@torch.inference_mode()
def test_a_layer_with_one_code_equals_the_plain_convolution(up):
    torch.manual_seed(2)
    layer = StyledConv(24, 20, DIM, up=up)
    source = R // 2 if up else R
    x, codes = torch.randn(2, source, source, 24), torch.randn(2, REGIONS, DIM)
    noise = torch.randn(1, 1, R, R)
    naive = rgi_naive.styled(layer, first(x), codes, noise, None)
    torch.testing.assert_close(first(layer(x, codes, noise, None)), naive, atol=2e-5, rtol=0)


@by_map
@torch.inference_mode()
def test_to_rgb_equals_the_naive_sum(name):
    torch.manual_seed(2)
    layer, later = ToRGB(24, DIM), SkipRGB(24, DIM)
    labels = batch(name, 2)
    grid = make_grid(labels, R)
    x, codes = torch.randn(2, R, R, 24), torch.randn(2, REGIONS, DIM)
    skip = torch.randn(2, 3, R // 2, R // 2)

    rgb = rgi_naive.to_rgb(layer, first(x), codes, onehot(labels))
    torch.testing.assert_close(layer(x, codes, grid), rgb, atol=2e-5, rtol=0)
    rgb = rgi_naive.to_rgb(later, first(x), codes, onehot(labels), skip)
    torch.testing.assert_close(later(x, codes, grid, skip), rgb, atol=2e-5, rtol=0)


@by_map
@pytest.mark.parametrize("code_layers", [5, 8, 18])
@torch.inference_mode()
def test_the_picture_equals_the_naive_sum(name, code_layers):
    net = small_network(replace(TINY, code_layers=code_layers))
    labels = onehot(batch(name, 2))
    codes = torch.randn(2, REGIONS, TINY.n_latent, DIM)
    naive = rgi_naive.generate(net, codes, labels)
    torch.testing.assert_close(net.generate(codes, labels), naive, atol=1e-4, rtol=0)


@pytest.mark.parametrize("channels", [(96, 64, 32, 16), (64, 64, 64, 64, 48, 32, 16, 16)])
@torch.inference_mode()
def test_larger_networks_equal_the_naive_sum(channels):
    """Sizes at which rows are worked through in several bands."""
    size = 2 ** (len(channels) + 1)
    net = small_network(replace(TINY, size=size, channels=channels, code_layers=11))
    labels = onehot(batch("face", 2))
    codes = torch.randn(2, REGIONS, net.config.n_latent, DIM)
    naive = rgi_naive.generate(net, codes, labels)
    torch.testing.assert_close(net.generate(codes, labels), naive, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["face", "single pixels", "one region"])
@pytest.mark.parametrize("code_layers", [8, 18])
def test_gradients_equal_those_of_the_naive_sum(name, code_layers):
    net = small_network(replace(TINY, code_layers=code_layers)).requires_grad_(requires_grad=True)
    labels = batch(name, 2)
    codes = torch.randn(2, REGIONS, TINY.n_latent, DIM, requires_grad=True)
    weight = torch.randn(2, 3, 64, 64)

    def gradients(picture: torch.Tensor) -> dict[str, torch.Tensor]:
        net.zero_grad()
        codes.grad = None
        (picture * weight).mean().backward()
        named = {n: p.grad.clone() for n, p in net.G.named_parameters() if p.grad is not None}
        return {**named, "codes": codes.grad.clone()}

    fast = gradients(net.draw(codes, net.layout(labels)))
    noises = [noise.requires_grad_() for noise in net.G.noises.buffers()]
    naive = gradients(rgi_naive.generate(net, codes, onehot(labels)))

    assert fast.keys() == naive.keys()
    scales = {key: value.abs().max().clamp(min=1e-6) for key, value in naive.items()}
    # The gradient of a noise's strength is a sum over pixels that nearly cancel: rounding follows
    # the size of its terms, not the size of the sum.
    for index, noise in enumerate(noises):
        key = f"convs.{index - 1}.noise.weight" if index else "conv1.noise.weight"
        scales[key] = (noise * noise.grad / net.G.get_parameter(key)).detach().abs().sum()
    for key, value in naive.items():
        scale = scales[key]
        torch.testing.assert_close(fast[key] / scale, value / scale, atol=2e-5, rtol=0, msg=key)


def test_gradients_reach_the_codes_of_a_frozen_network():
    net = small_network()
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM, requires_grad=True)
    net.draw(codes, net.layout(batch("face", 1))).sum().backward()
    present = MAPS["face"].unique()
    assert (codes.grad[0, present].abs().sum((1, 2)) > 0).all()
    absent = [r for r in range(1, REGIONS) if r not in present]
    assert (codes.grad[0, absent] == 0).all()


def test_weights_changed_in_place_count_at_once():
    net = small_network()
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    layout = net.layout(batch("face", 1))
    before = net.draw(codes, layout)
    net.G.convs[1].conv.weight.mul_(0.5)
    net.G.convs[0].conv.weight[:, :, 0] = 0
    naive = rgi_naive.generate(net, codes, onehot(batch("face", 1)))
    after = net.draw(codes, layout)
    torch.testing.assert_close(after, naive, atol=1e-4, rtol=0)
    assert not torch.allclose(after, before, atol=1e-3)


def test_a_copied_network_draws_with_its_own_weights():
    net = small_network()
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    with torch.no_grad():
        before = net.draw(codes, net.layout(batch("face", 1)))
        twin = copy.deepcopy(net)
        twin.G.convs[0].conv.weight.mul_(2)
        naive = rgi_naive.generate(twin, codes, onehot(batch("face", 1)))
        drawn = twin.draw(codes, twin.layout(batch("face", 1)))
        torch.testing.assert_close(drawn, naive, atol=1e-4, rtol=0)
        assert torch.equal(net.draw(codes, net.layout(batch("face", 1))), before)


@torch.inference_mode()
def test_stages_double_up_to_the_picture():
    net = small_network()
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    layout = net.layout(batch("face", 1))
    stages = list(net.G.stages(codes, layout))
    assert [stage.resolution for stage in stages] == [4, 8, 16, 32, 64]
    assert all(stage.rgb.shape == (1, 3, stage.resolution, stage.resolution) for stage in stages)
    assert torch.equal(stages[-1].rgb, net.draw(codes, layout))


@torch.inference_mode()
def test_going_on_from_a_stage_gives_the_same_bits():
    net = small_network()
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    layout = net.layout(batch("face", 1))
    stages = list(net.G.stages(codes, layout))
    for start in stages[:-1]:
        *_, last = net.G.stages(codes, layout, start=start)
        assert torch.equal(last.rgb, stages[-1].rgb)
        assert last.features is None
    with pytest.raises(ValueError, match="nothing goes on from 64"):
        next(net.G.stages(codes, layout, start=stages[-1]))


@torch.inference_mode()
def test_going_on_begins_where_the_network_looks_at_the_label_map():
    net = small_network(replace(TINY, code_layers=5))
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    layout = net.layout(batch("face", 1))
    stages = list(net.G.stages(codes, layout))
    assert [stage.features is not None for stage in stages] == [True, True, True, False, False]
    net.draw(-codes, layout)  # what is kept of a drawing is not overwritten by the next
    *_, last = net.G.stages(codes, layout, start=stages[2])
    assert torch.equal(last.rgb, stages[-1].rgb)
    with pytest.raises(ValueError, match="nothing goes on from 32"):
        next(net.G.stages(codes, layout, start=stages[3]))


@pytest.mark.parametrize("code_layers", [5, 8])
@torch.inference_mode()
def test_drawings_taking_turns_do_not_disturb_each_other(code_layers):
    net = small_network(replace(TINY, code_layers=code_layers))
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    layout = net.layout(batch("single pixels", 1))
    wanted = [net.draw(each, layout) for each in (codes, -codes)]
    turns = zip(net.G.stages(codes, layout), net.G.stages(-codes, layout), strict=True)
    *_, last = turns
    assert all(torch.equal(a.rgb, b) for a, b in zip(last, wanted, strict=True))
    net.G.free_memory()
    assert torch.equal(net.draw(codes, layout), wanted[0])


@torch.inference_mode()
def test_stopping_between_stages_leaves_no_state():
    net = small_network()
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    layout = net.layout(batch("single pixels", 1))
    whole = net.draw(codes, layout)
    other = net.G.stages(-codes, net.layout(batch("face", 1)))
    for _ in range(3):
        next(other)
    other.close()
    assert torch.equal(net.draw(codes, layout), whole)


@torch.inference_mode()
def test_bfloat16_is_near_float32():
    net = small_network()
    codes = torch.randn(1, REGIONS, TINY.n_latent, DIM)
    layout = net.layout(batch("face", 1))
    exact = net.draw(codes, layout)
    *_, before, last = net.G.stages(codes, layout, dtype=torch.bfloat16)
    assert before.features.dtype == torch.bfloat16
    assert last.rgb.dtype == torch.float32
    error = (last.rgb - exact).square().mean().sqrt() / exact.std()
    assert 0 < error < 0.02
