from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rgi_golden
import rgi_naive
import torch
import torch.nn.functional as F
from PIL import Image
from tiny_rgi import TINY

from e4s_studio.networks.config import E4S_1024, REGIONS, STUDIO_256, RGIConfig
from e4s_studio.networks.rgi import RGI

needs_golden = pytest.mark.skipif(
    not rgi_golden.GOLDEN.is_dir(),
    reason=f"the published network's results are an additional check: {rgi_golden.GOLDEN}",
)
NEAR = {"atol": 1e-4, "rtol": 0}
"""At the published sizes pictures reach ±7, and two float32 implementations differ by 2e-5."""
NARROW = replace(
    E4S_1024,
    size=64,
    code_layers=7,
    style_dim=64,
    hidden=64,
    mapping_layers=1,
    channels=(64, 64, 64, 48, 32),
    stem=8,
    encoder_groups=((3, 16), (4, 32), (14, 64), (3, 64)),
)
"""Every layer of the published encoder, and a generator whose last layers have no regions."""


def onehot(labels: torch.Tensor) -> torch.Tensor:
    return F.one_hot(labels, REGIONS).movedim(-1, 1).float()


def random_network(config: RGIConfig, seed: int = 0) -> RGI:
    torch.manual_seed(seed)
    return RGI(config).eval().requires_grad_(requires_grad=False)


@torch.inference_mode()
def test_equals_the_architecture_written_naively():
    torch.manual_seed(0)
    net = rgi_golden.network(NARROW)
    image = torch.rand(2, 3, 300, 200) * 2 - 1
    labels = onehot(torch.randint(0, REGIONS - 1, (2, 24, 24)))  # one region is nowhere

    vectors = net.encode(image, labels)
    codes = net.style_codes(vectors)

    near = {"atol": 2e-5, "rtol": 0}
    torch.testing.assert_close(vectors, rgi_naive.encode(net, image, labels), **near)
    torch.testing.assert_close(codes, rgi_naive.style_codes(net, vectors), **near)
    output = net.generate(codes, labels)
    torch.testing.assert_close(output, rgi_naive.generate(net, codes, labels), **near)


@needs_golden
@pytest.mark.parametrize("size", [256, 1024])
@torch.inference_mode()
def test_equals_the_published_network(size):
    golden = np.load(rgi_golden.GOLDEN / f"rgi_{size}_k13.npz")
    pixels = np.array(Image.open(rgi_golden.GOLDEN / "input_1024.png").convert("RGB"))
    image = torch.from_numpy(pixels).movedim(-1, 0)[None] / 127.5 - 1
    labels = onehot(torch.from_numpy(golden["label_map"]).long()[None])
    net = rgi_golden.network(rgi_golden.published(size))

    vectors = net.encode(image, labels)
    codes = net.style_codes(vectors)
    output = net.generate(codes, labels)

    np.testing.assert_allclose(vectors, golden["style_vectors"], **NEAR)
    np.testing.assert_allclose(codes[:, :, ::3], golden["style_codes"], **NEAR)
    step, middle = size // 128, slice(size // 2 - 32, size // 2 + 32)
    np.testing.assert_allclose(output[0, :, ::step, ::step], golden["output_strided"], **NEAR)
    np.testing.assert_allclose(output[0, :, middle, middle], golden["output_crop"], **NEAR)
    np.testing.assert_allclose(output.mean(), golden["output_mean"], **NEAR)
    np.testing.assert_allclose(output.std(), golden["output_std"], **NEAR)


def test_state_dict_has_the_published_keys_and_shapes():
    rows = Path(__file__).with_name("state_dict_1024_k13.tsv").read_text().splitlines()
    published = {}
    for row in rows:
        key, shape = row.split("\t")
        published[key] = tuple(int(n) for n in shape.split("x"))
    with torch.device("meta"):
        state = RGI(E4S_1024).state_dict()
    state.pop("latent_avg")
    assert {key: tuple(value.shape) for key, value in state.items()} == published


def test_vectors_are_region_means_and_empty_regions_zero():
    net = random_network(TINY)
    image = torch.rand(2, 3, 64, 48) * 2 - 1
    labels = torch.zeros(2, 40, 40, dtype=torch.long)
    labels[0, :20] = 6
    labels[1, 3, 5] = 2  # one pixel: seen at no scale, or at some, but never by all other regions
    vectors = net.encode(image, onehot(labels))
    assert vectors.shape == (2, 12, TINY.vector_dim)
    assert vectors.isfinite().all()
    assert (vectors[0, 6] != 0).any()
    assert (vectors[0, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]] == 0).all()
    assert (vectors[1, 6] == 0).all()


@pytest.mark.parametrize(
    "groups",
    [((1, 6), (1, 8), (1, 10), (1, 10)), ((2, 96), (1, 128), (2, 160), (2, 160))],
)
def test_encoding_without_gradients_equals_encoding_with_them(groups):
    net = random_network(replace(TINY, stem=80, encoder_groups=groups))
    images = torch.rand(2, 3, 300, 200) * 2 - 1
    labels = torch.randint(0, REGIONS, (2, 64, 64))
    with torch.no_grad():
        fast = net.encode_labels(images, labels)
    torch.testing.assert_close(fast, net.encode_labels(images, labels), atol=2e-5, rtol=0)


def test_encoding_a_batch_equals_encoding_each_image():
    net = random_network(TINY)
    images = torch.rand(2, 3, 96, 96) * 2 - 1
    labels = torch.randint(0, REGIONS, (2, 32, 32))
    together = net.encode_labels(images, labels)
    for b in range(2):
        alone = net.encode_labels(images[b : b + 1], labels[b : b + 1])
        torch.testing.assert_close(together[b], alone[0], atol=1e-5, rtol=0)


def test_latents_from_k_on_are_the_average():
    net = random_network(TINY)
    net.latent_avg.normal_()
    codes = net.style_codes(torch.randn(2, REGIONS, TINY.vector_dim))
    assert codes.shape == (2, REGIONS, TINY.n_latent, TINY.style_dim)
    k = TINY.code_layers
    assert (codes[:, :, k:] == net.latent_avg[k:]).all()
    assert (codes[:, :, :k] != net.latent_avg[:k]).any()


def test_an_empty_region_gets_what_its_mlp_makes_of_zeros():
    net = random_network(TINY)
    codes = net.style_codes(torch.zeros(1, REGIONS, TINY.vector_dim))
    made = net.MLPs[4](torch.zeros(1, TINY.vector_dim)).view(TINY.code_layers, -1)
    torch.testing.assert_close(codes[0, 4, : TINY.code_layers], made)


@pytest.mark.parametrize("config", [TINY, replace(TINY, code_layers=18)])
def test_the_same_input_gives_the_same_picture(config):
    net = random_network(config)
    labels = onehot(torch.randint(0, REGIONS, (1, 32, 32)))
    codes = net.style_codes(torch.randn(1, REGIONS, config.vector_dim))
    first = net.generate(codes, labels)
    assert first.shape == (1, 3, config.size, config.size)
    assert first.dtype == torch.float32
    assert first.isfinite().all()
    assert torch.equal(net.generate(codes, labels), first)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (torch.zeros(1, 11, 8, 8), r"\(B, 12, h, w\)"),
        (torch.zeros(12, 8, 8), r"\(B, 12, h, w\)"),
        (torch.zeros(1, 12, 8, 8), "exactly one region"),
        (torch.ones(1, 12, 8, 8), "exactly one region"),
        (torch.full((1, 12, 8, 8), 1 / 12), "exactly one region"),
    ],
)
def test_a_map_that_is_not_one_hot_is_refused(bad, sentence):
    net = random_network(TINY)
    with pytest.raises(ValueError, match=sentence):
        net.generate(torch.zeros(1, REGIONS, TINY.n_latent, TINY.style_dim), bad)
    with pytest.raises(ValueError, match=sentence):
        net.encode(torch.zeros(1, 3, 32, 32), bad)


def test_the_built_in_network_has_about_five_million_parameters():
    with torch.device("meta"):
        net = RGI(STUDIO_256)
    count = sum(p.numel() for p in net.parameters())
    assert 4e6 < count < 6e6
