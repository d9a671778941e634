import numpy as np
import pytest
import torch

from e4s_studio.networks import layout
from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.corrections import TAPS
from e4s_studio.networks.layout import plan


def two_halves(size: int) -> np.ndarray:
    labels = np.full((1, size, size), 2, np.uint8)
    labels[:, :, size // 2 :] = 7
    return labels


def products(corrections) -> list[tuple[int, int, int]]:
    """List (tap, source, pair) of all products."""
    found = []
    for chunk in corrections.chunks:
        taps = np.repeat(np.arange(len(TAPS)), chunk.counts)
        for tap, factor in zip(taps, chunk.factors.index.tolist(), strict=True):
            found.append(
                (int(tap), int(chunk.sources.index[factor]), int(chunk.pairs.index[factor]))
            )
    return found


def test_one_region_needs_nothing():
    labels = np.full((2, 16, 16), 5, np.uint8)
    assert plan(labels, labels).chunks == ()
    assert plan(labels, labels[:, ::2, ::2]).chunks == ()


def test_an_edge_needs_the_taps_across_it():
    size = 8
    labels = two_halves(size)
    found = products(plan(labels, labels))
    assert len(found) == 2 * (
        3 * size - 2
    )  # from each side three taps, two fewer in all at the ends
    for tap, source, pair in found:
        column = source % size
        slot, other = divmod(pair, REGIONS)
        assert (slot, other) == ((2, 7) if column == size // 2 else (7, 2))
        assert TAPS[tap][1] == (1 if column == size // 2 else -1)


def test_pixels_of_a_region_share_the_products_of_an_upsampling():
    fine = two_halves(16)
    (chunk,) = plan(fine, np.ascontiguousarray(fine[:, ::2, ::2])).chunks
    found = products(plan(fine, np.ascontiguousarray(fine[:, ::2, ::2])))
    assert len(found) == len(set(found))
    assert len(chunk.sums.index) > 3 * len(found)


def test_taps_of_an_input_share_its_scaling():
    labels = two_halves(8)
    (chunk,) = plan(labels, labels).chunks
    inputs = set(zip(chunk.sources.index.tolist(), chunk.pairs.index.tolist(), strict=True))
    assert len(inputs) == len(chunk.sources.index) == 2 * 8  # both sides of the edge
    assert len(products(plan(labels, labels))) > 2 * len(inputs)


@pytest.mark.parametrize("step", [1, 2])
def test_parts_of_any_size_add_up_to_the_same(step, monkeypatch):
    fine = np.random.default_rng(0).integers(0, REGIONS, (2, 16, 16)).astype(np.uint8)
    coarse = np.ascontiguousarray(fine[:, ::step, ::step])
    whole = plan(fine, coarse)
    monkeypatch.setattr(layout, "CHUNK_TAPS", 200)
    parts = plan(fine, coarse)
    assert len(whole.chunks) == 1
    assert len(parts.chunks) > 10
    pixels = torch.cat([chunk.pixels for chunk in parts.chunks])
    assert torch.equal(pixels, whole.chunks[0].pixels)
    assert set(products(parts)) == set(products(whole))
