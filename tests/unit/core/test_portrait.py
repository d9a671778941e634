from dataclasses import replace

import numpy as np
import pytest

from e4s_studio.core.errors import FaceError, ImageError, LabelMapError
from e4s_studio.core.portrait import Portrait

IMAGE = np.zeros((8, 6, 3), np.uint8)
LABELS = np.zeros((8, 6), np.uint8)
QUAD = np.array([(0, 0), (0, 8), (6, 8), (6, 0)], float)


def test_everything_becomes_read_only():
    image = IMAGE.copy()
    portrait = Portrait(image, LABELS, photograph=IMAGE, quad=QUAD)
    for pixels in (portrait.image, portrait.labels, portrait.photograph, portrait.quad):
        assert not pixels.flags.writeable
    image[0] = 7
    assert not portrait.image.any()
    assert portrait.shape == (8, 6)


def test_other_labels_leave_the_rest():
    portrait = Portrait(IMAGE, LABELS, quad=QUAD)
    other = replace(portrait, labels=np.full((8, 6), 4, np.uint8))
    assert (other.labels == 4).all()
    assert other.image is portrait.image
    assert other.quad is portrait.quad


def test_a_crop_is_a_photograph_whose_quad_is_its_border():
    portrait = Portrait(IMAGE, LABELS)
    assert portrait.is_crop
    assert portrait.photograph is portrait.image
    border = [(-0.5, -0.5), (-0.5, 7.5), (5.5, 7.5), (5.5, -0.5)]
    np.testing.assert_array_equal(portrait.quad, border)
    assert not Portrait(IMAGE, LABELS, photograph=IMAGE.copy()).is_crop


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"image": IMAGE[..., :2]}, ImageError),
        ({"image": IMAGE.astype(float)}, ImageError),
        ({"image": IMAGE[:0], "labels": LABELS[:4]}, ImageError),
        ({"photograph": LABELS}, ImageError),
        ({"labels": LABELS[:4]}, LabelMapError),
        ({"labels": LABELS + 12}, LabelMapError),
        ({"quad": QUAD[:3]}, FaceError),
        ({"quad": QUAD * np.nan}, FaceError),
    ],
)
def test_what_is_no_portrait_is_refused(parts, error):
    with pytest.raises(error):
        Portrait(**{"image": IMAGE, "labels": LABELS, **parts})
