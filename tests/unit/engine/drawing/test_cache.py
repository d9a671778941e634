import gc
from dataclasses import replace

import pytest
import torch

from e4s_studio.core.regions import REGION_COUNT, Region
from e4s_studio.engine.drawing.cache import NetworkCache
from e4s_studio.networks.config import RGIConfig
from e4s_studio.networks.rgi import RGI

CONFIG = RGIConfig(
    size=64,
    code_layers=8,
    style_dim=8,
    hidden=12,
    mapping_layers=0,
    channels=(24, 24, 20, 16, 8),
    stem=4,
    encoder_groups=((1, 6), (1, 8), (1, 10), (1, 10)),
)

ALL = [4, 8, 16, 32, 64]


@pytest.fixture
def network() -> RGI:
    torch.manual_seed(0)
    return RGI(CONFIG).eval().requires_grad_(requires_grad=False)


@pytest.fixture
def codes() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(1, REGION_COUNT, CONFIG.n_latent, CONFIG.style_dim)


def label_map() -> torch.Tensor:
    labels = torch.full((1, 64, 64), int(Region.SKIN))
    labels[:, 40:52, 20:44] = Region.LIP
    return labels


class Drawn:
    """Counts the resolutions that are really drawn."""

    def __init__(self, network: RGI, monkeypatch: pytest.MonkeyPatch) -> None:
        self.resolutions: list[int] = []
        stages = network.G.stages

        def recorded(*args, **kwargs):
            for stage in stages(*args, **kwargs):
                self.resolutions.append(stage.resolution)
                yield stage

        monkeypatch.setattr(network.G, "stages", recorded)


def fresh(network: RGI, codes: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return network.draw(codes, network.layout(labels))


def last_of(cache: NetworkCache, codes: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    *_, last = cache.stages(codes, labels)
    return last.rgb


def test_a_small_stroke_restarts_where_its_pixels_first_show(network, codes, monkeypatch):
    cache, labels = NetworkCache(network), label_map()
    drawn = Drawn(network, monkeypatch)
    last_of(cache, codes, labels)
    assert drawn.resolutions == ALL
    drawn.resolutions.clear()
    edited = labels.clone()
    edited[0, 33, 33] = Region.NOSE  # odd pixels are in no coarser map
    cached = last_of(cache, codes, edited)
    assert drawn.resolutions == [64]
    assert torch.equal(cached, fresh(network, codes, edited))
    drawn.resolutions.clear()
    edited[0, 36, 36] = Region.NOSE  # a multiple of 4: seen from 16² on
    cached = last_of(cache, codes, edited)
    assert drawn.resolutions == [16, 32, 64]
    assert torch.equal(cached, fresh(network, codes, edited))


def test_changed_latents_restart_where_they_are_first_used(network, codes, monkeypatch):
    cache, labels = NetworkCache(network), label_map()
    last_of(cache, codes, labels)
    drawn = Drawn(network, monkeypatch)
    for latent, resolutions in (
        (9, [64]),
        (7, [32, 64]),
        (5, [16, 32, 64]),
        (0, [4, 8, 16, 32, 64]),
    ):
        changed = codes.clone()
        changed[0, Region.SKIN, latent] += 1
        drawn.resolutions.clear()
        cached = last_of(cache, changed, labels)
        assert drawn.resolutions == resolutions
        assert torch.equal(cached, fresh(network, changed, labels))


def test_the_same_again_draws_nothing(network, codes, monkeypatch):
    cache, labels = NetworkCache(network), label_map()
    first = list(cache.stages(codes, labels))
    drawn = Drawn(network, monkeypatch)
    again = list(cache.stages(codes.clone(), labels.clone()))
    assert drawn.resolutions == []
    assert [stage.resolution for stage in again] == ALL
    assert all(torch.equal(a.rgb, b.rgb) for a, b in zip(first, again, strict=True))


def test_every_order_of_edits_equals_fresh_pictures(network, codes):
    cache = NetworkCache(network)
    generator = torch.Generator().manual_seed(5)
    labels = label_map()
    for _ in range(12):
        y, x, region = torch.randint(0, 60, (3,), generator=generator).tolist()
        labels = labels.clone()
        labels[0, y : y + 3, x : x + 2] = region % REGION_COUNT
        assert torch.equal(last_of(cache, codes, labels), fresh(network, codes, labels))


def test_stopping_early_leaves_what_was_drawn(network, codes, monkeypatch):
    cache, labels = NetworkCache(network), label_map()
    stages = cache.stages(codes, labels)
    for _ in range(3):
        next(stages)
    stages.close()
    drawn = Drawn(network, monkeypatch)
    cached = last_of(cache, codes, labels)
    assert drawn.resolutions == [32, 64]
    assert torch.equal(cached, fresh(network, codes, labels))


def test_past_the_label_map_only_the_finished_picture_is_used_again(codes, monkeypatch):
    torch.manual_seed(0)
    network = RGI(replace(CONFIG, code_layers=5)).eval().requires_grad_(requires_grad=False)
    cache, labels = NetworkCache(network), label_map()
    stages = cache.stages(codes, labels)
    assert [next(stages).resolution for _ in range(4)] == ALL[:4]
    stages.close()
    drawn = Drawn(network, monkeypatch)
    assert [stage.resolution for stage in cache.stages(codes, labels)] == ALL
    assert drawn.resolutions == [32, 64]
    drawn.resolutions.clear()
    assert torch.equal(last_of(cache, codes, labels), fresh(network, codes, labels))
    assert drawn.resolutions == ALL  # the fresh one's alone


def test_drawing_does_not_leak_inference_mode(network, codes):
    for _ in NetworkCache(network).stages(codes, label_map()):
        assert not torch.is_inference_mode_enabled()


def test_other_precisions_have_pictures_of_their_own(network, codes):
    cache, labels = NetworkCache(network), label_map()
    exact = last_of(cache, codes, labels)
    *_, rough = cache.stages(codes, labels, torch.bfloat16)
    assert not torch.equal(rough.rgb, exact)
    assert torch.equal(last_of(cache, codes, labels), exact)


def test_changed_weights_are_noticed(network, codes):
    cache, labels = NetworkCache(network), label_map()
    before = last_of(cache, codes, labels)
    with torch.no_grad():
        network.G.convs[2].conv.weight.mul_(1.5)
    after = last_of(cache, codes, labels)
    assert not torch.equal(after, before)
    assert torch.equal(after, fresh(network, codes, labels))


def test_vectors_codes_and_layouts_are_found_again(network, monkeypatch):
    cache = NetworkCache(network)
    image, labels = torch.rand(1, 3, 64, 64), label_map()
    vectors = cache.encode(image, labels)
    found = cache.style_codes(vectors)
    grid = cache.layout(labels).grid(64)
    for name in ("encode_labels", "style_codes"):
        monkeypatch.setattr(network, name, None)  # calling it would fail
    assert torch.equal(cache.encode(image.clone(), labels.clone()), vectors)
    assert torch.equal(cache.style_codes(vectors.clone()), found)
    assert cache.layout(labels.clone()).grid(64) is grid
    with pytest.raises(TypeError):
        cache.encode(image + 1e-3, labels)


def vectors_size(network: RGI) -> int:
    return network.encode_labels(torch.zeros(1, 3, 64, 64), label_map()).nbytes


def test_the_results_used_longest_ago_are_dropped(network, monkeypatch):
    """There is room for the vectors of nine pictures."""
    pictures, labels = torch.rand(10, 1, 3, 64, 64), label_map()
    cache = NetworkCache(network, capacity=9 * vectors_size(network))
    encoded = []
    encode = network.encode_labels
    monkeypatch.setattr(network, "encode_labels", lambda *a: encoded.append(a[0]) or encode(*a))
    for picture in pictures[:9]:
        cache.encode(picture, labels)
    cache.encode(pictures[0], labels)  # found; the second is now the oldest
    assert len(encoded) == 9
    cache.encode(pictures[9], labels)
    cache.encode(pictures[0], labels)
    assert len(encoded) == 10
    cache.encode(pictures[1], labels)
    assert len(encoded) == 11
    cache.clear()
    cache.encode(pictures[0], labels)
    assert len(encoded) == 12


def test_a_result_too_large_to_keep_replaces_no_other(network, codes):
    cache, labels = NetworkCache(network, capacity=7 * vectors_size(network)), label_map()
    first = cache.encode(torch.zeros(1, 3, 64, 64), labels)
    assert cache.encode(torch.zeros(1, 3, 64, 64), labels) is not first


def test_a_full_cache_still_draws_right(network, codes):
    cache = NetworkCache(network, capacity=1000)
    for _ in range(2):
        assert torch.equal(last_of(cache, codes, label_map()), fresh(network, codes, label_map()))


def test_forgetting_makes_the_encoder_forget_too_and_changes_no_result():
    # Encoders of fewer channels keep no buffers between passes.
    wide = replace(CONFIG, encoder_groups=((2, 64), (1, 8), (1, 10), (1, 10)))
    network = RGI(wide).eval().requires_grad_(requires_grad=False)
    cache, image, labels = NetworkCache(network), torch.rand(1, 3, 64, 64), label_map()
    before = large_tensors()
    vectors = cache.encode(image, labels)
    assert large_tensors() > before
    cache.clear()
    assert large_tensors() == before
    assert torch.equal(cache.encode(image, labels), vectors)


def large_tensors() -> int:
    """Count the tensors as large as those that the encoder works in."""
    gc.collect()
    return sum(type(o) is torch.Tensor and o.numel() >= 256 * 256 for o in gc.get_objects())
