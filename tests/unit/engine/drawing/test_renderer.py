import numpy as np
import pytest

from e4s_studio.core.pair import Both
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings, Precision
from e4s_studio.engine.drawing.fitted import encode_pair
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.pictures import to_network
from e4s_studio.engine.swap import swap_label_maps
from tests.unit.engine.pairs import lit_network, portrait, small_network


@pytest.fixture
def renderer() -> Renderer:
    pair = Both(portrait(1), portrait(2, width=1.1))
    return Renderer(encode_pair(small_network(), pair), pair)


def swapped_map(renderer: Renderer) -> np.ndarray:
    maps = (each.labels for each in renderer.portraits)
    return swap_label_maps(*maps, face_over_hair=True)[0]


def test_stages_come_coarse_to_fine_and_equal_a_fresh_drawing(renderer: Renderer) -> None:
    amounts, labels = EditSettings().amounts, swapped_map(renderer)
    first = list(renderer.drawings(labels, amounts))
    assert [drawn.shape[0] for drawn in first] == [4, 8, 16, 32, 64]
    other = EditSettings().with_amount(Region.LIP, 0.25).amounts
    list(renderer.drawings(labels, other))
    again = list(renderer.drawings(labels, amounts))
    fresh = Renderer(renderer.fitted, renderer.portraits)
    for kept, anew in zip(again, fresh.drawings(labels, amounts), strict=True):
        np.testing.assert_array_equal(kept, anew)


def test_amounts_0_and_1_draw_the_reconstructions(renderer: Renderer) -> None:
    for amount, portrait_, known in (
        (1.0, renderer.portraits.source, renderer.reconstructions.source),
        (0.0, renderer.portraits.target, renderer.reconstructions.target),
    ):
        *_, drawn = renderer.drawings(portrait_.labels, (amount,) * len(Region))
        np.testing.assert_array_equal(drawn, known)
        assert drawn.shape[0] == to_network(portrait_.image, 64).shape[-1]


def test_the_source_is_reconstructed_in_its_own_light() -> None:
    source, target = portrait(1), portrait(2)
    renderer, alone = (
        Renderer(encode_pair(lit_network(), pair), pair)
        for pair in (Both(source, target), Both(source, source))
    )
    np.testing.assert_array_equal(renderer.reconstructions.source, alone.reconstructions.source)
    *_, moved = renderer.drawings(source.labels, (1.0,) * len(Region))
    assert np.abs(moved - renderer.reconstructions.source).max() > 0.1


def test_bfloat16_draws_nearly_the_same(renderer: Renderer) -> None:
    labels, amounts = swapped_map(renderer), EditSettings().amounts
    *_, exact = renderer.drawings(labels, amounts)
    *_, rounded = renderer.drawings(labels, amounts, Precision.BFLOAT16)
    error = np.mean((exact - rounded) ** 2)
    assert error > 0
    assert 10 * np.log10(255**2 / error) > 30


def test_a_swap_with_itself_returns_the_photograph() -> None:
    face = portrait(3)
    pair = Both(face, face)
    renderer = Renderer(encode_pair(small_network(), pair), pair)
    result = renderer.swap(face.labels, EditSettings(light=0.0), size=256)
    np.testing.assert_allclose(result.result, face.image, atol=1e-2)


def test_freed_memory_is_computed_again(renderer: Renderer) -> None:
    labels, settings = swapped_map(renderer), EditSettings()
    before = renderer.swap(labels, settings, size=256).result
    renderer.free_memory()
    np.testing.assert_array_equal(renderer.swap(labels, settings, size=256).result, before)
    assert renderer.on_cpu() is renderer
