import numpy as np
import pytest
from canvases import SIDE, face_labels, opened

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import Box
from e4s_studio.core.regions import PALETTE, Region
from e4s_studio.gui.canvas.overlay import Overlay, OverlayStyle


def pixels(overlay):
    """Return (H, W, 4): red, green, blue, alpha, as drawn."""
    image = overlay.image
    data = np.frombuffer(image.constBits(), np.uint8)
    return data.reshape(image.height(), image.width(), 4)[..., [2, 1, 0, 3]].copy()


def drawn(document, style=None):
    overlay = Overlay()
    overlay.refresh(document, document.box, style or OverlayStyle())
    return pixels(overlay)


def test_every_region_has_its_colour(qapp):
    picture = drawn(opened())
    labels = face_labels()
    for region in np.unique(labels):
        if region != Region.BACKGROUND:
            assert (picture[labels == region] == (*PALETTE[region], 255)).all()
    assert not picture[labels == Region.BACKGROUND].any()


def test_hidden_regions_are_clear(qapp):
    picture = drawn(opened(), OverlayStyle(hidden=frozenset({Region.HAIR})))
    labels = face_labels()
    assert not picture[labels == Region.HAIR].any()
    assert picture[labels == Region.SKIN].any()


def test_outlines_are_where_regions_meet(qapp):
    picture = drawn(opened(), OverlayStyle(outlines=True))
    labels = face_labels()
    around = np.pad(labels, 1, mode="edge")
    neighbours = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    edges = np.any([neighbour != labels for neighbour in neighbours], axis=0)
    assert ((picture[..., 3] > 0) == edges & (labels != Region.BACKGROUND)).all()


@pytest.mark.parametrize(("outlines", "width"), [(False, 1), (True, 1), (True, 2)])
def test_renewing_the_changed_box_is_enough(qapp, outlines, width):
    document, style = opened(), OverlayStyle(outlines=outlines, outline_width=width)
    overlay = Overlay()
    overlay.refresh(document, document.box, style)
    document.subscribe(
        lambda change: overlay.refresh(document, change.labels.union(change.mattes), style)
    )
    rng = np.random.default_rng(0)
    for step in range(40):
        document.begin("Paint")
        dabs = [Dab(*rng.uniform(-10, SIDE + 10, 2), rng.uniform(1, 12)) for _ in range(2)]
        if step % 3:
            region = Region(int(rng.integers(12)))
            document.paint(brush.line(*dabs, document.box), region)
        else:
            layer = (Layer.OCCLUDER, Layer.AMOUNT)[step % 2]
            document.cover(layer, brush.soft_line(*dabs, document.box), rng.random())
        document.commit()
        if step % 4 == 3:
            document.undo()
        assert (pixels(overlay) == drawn(document, style)).all()


def test_original_pixels_are_striped_and_a_low_amount_is_faint(qapp):
    document = opened()
    at = Dab(64, 70, 6)
    document.begin("Matte")
    document.cover(Layer.AMOUNT, brush.soft_line(at, at, document.box, 1.0), 0.0)
    document.commit()
    faint = drawn(document)
    assert 0 < faint[70, 64, 3] < 100
    document.begin("Matte")
    document.cover(Layer.OCCLUDER, brush.soft_line(at, at, document.box, 1.0), 1.0)
    document.commit()
    striped = drawn(document)[68:72, 62:66]
    assert (striped == striped[..., :1]).all(), "white or clear, premultiplied"
    assert len(np.unique(striped)) > 1


def test_the_changed_box_is_told_with_its_neighbours(qapp):
    document = opened()
    overlay = Overlay()
    overlay.refresh(document, document.box, OverlayStyle())
    assert overlay.refresh(document, Box(5, 6, 9, 9), OverlayStyle()) == Box(4, 5, 10, 10)
    assert overlay.refresh(document, Box(0, 0, 9, 9), OverlayStyle()) == Box(0, 0, 10, 10)
