"""Faces found without weights, on rendered portraits and on photographs."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from e4s_studio.core.errors import CheckpointError
from e4s_studio.core.face import Face
from e4s_studio.core.regions import FROM_CELEBAMASK, Region
from e4s_studio.engine.faces import retinaface
from e4s_studio.engine.faces.find import as_rgb8, face_at, find_faces
from tests.samples import (
    PHOTOGRAPHS,
    group,
    needs_photographs,
    photograph,
    picture_of,
    placed,
    rendered,
)


def photograph_with_map(name):
    """Return a photograph and its label map, at one size."""
    labels = FROM_CELEBAMASK[np.asarray(Image.open(PHOTOGRAPHS / f"{name}_mask.png"))]
    return picture_of(PHOTOGRAPHS / f"{name}.jpg"), labels.repeat(2, axis=0).repeat(2, axis=1)


def eyes_in(labels):
    """Return the middles of both eyes of a label map, in pixels (x, y)."""
    y, x = np.nonzero(labels == Region.EYES)
    left = x < labels.shape[1] / 2
    return [np.array([x[side].mean(), y[side].mean()]) for side in (left, ~left)]


@pytest.mark.parametrize(
    "picture",
    [
        lambda: placed("amara", 418, 520, 0.3)[0],
        lambda: placed("marco", 600, 400, 0.25, tilt=10)[0],
        pytest.param(photograph("unaligned_1.jpg"), marks=needs_photographs),
        pytest.param(photograph("unaligned_2.jpg"), marks=needs_photographs),
    ],
    ids=["upright", "tilted", "unaligned_1", "unaligned_2"],
)
def test_the_one_face_of_a_portrait_is_found(picture):
    photo = picture()
    (face,) = find_faces(photo)
    left, right, nose, mouth_left, mouth_right = np.array(face.landmarks)
    assert left[0] < nose[0] < right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    assert 0 < face.confidence <= 1
    assert face.contains(tuple(nose))


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        (rendered, "amara"),
        (rendered, "vera"),
        pytest.param(photograph_with_map, "pair1_target", marks=needs_photographs),
        pytest.param(photograph_with_map, "pair2_source", marks=needs_photographs),
    ],
)
@pytest.mark.parametrize(("tilt", "scale"), [(0, 0.5), (-25, 0.3)])
def test_eyes_are_where_the_map_has_them(sample, name, tilt, scale):
    image, labels = sample(name)
    photo = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    turn = cv2.getRotationMatrix2D((511.5, 511.5), tilt, scale)
    turned = cv2.warpAffine(photo, turn, (1024, 1024), borderValue=(120, 130, 140))
    face = find_faces(turned)[0]
    true = [turn[:, :2] @ eye + turn[:, 2] for eye in eyes_in(labels)]
    distance = np.linalg.norm(true[1] - true[0])
    for found, there in zip(face.landmarks[:2], true, strict=True):
        assert np.linalg.norm(np.array(found) - there) < 0.06 * distance


@pytest.mark.parametrize(
    ("picture", "least", "most"),
    [
        (group, 14, 14),
        # 29 people stand there; one may be missed, and a bow tie be taken for a face.
        pytest.param(photograph("group_1927.png"), 27, 31, marks=needs_photographs),
    ],
    ids=["rendered", "group_1927"],
)
def test_a_group_is_found_whole_and_the_surest_come_first(picture, least, most):
    faces = find_faces(picture())
    assert least <= len(faces) <= most
    confidences = [face.confidence for face in faces]
    assert confidences == sorted(confidences, reverse=True)
    centres = np.array([face.quad.centre for face in faces])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2) + 1e9 * np.eye(len(faces))
    assert apart.min() > 10


@pytest.mark.parametrize(
    "picture",
    [
        lambda: placed("amara", 600, 400, 0.3)[0],
        pytest.param(photograph("unaligned_2.jpg"), marks=needs_photographs),
    ],
    ids=["rendered", "unaligned_2"],
)
def test_large_photographs_are_searched_at_a_workable_size(picture):
    photo = picture()
    (small,) = find_faces(photo)
    (large,) = find_faces(cv2.resize(photo, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC))
    expected = (np.array(small.landmarks) + 0.5) * 6 - 0.5
    assert np.abs(np.array(large.landmarks) - expected).max() < 0.02 * large.quad.side


@pytest.mark.parametrize("shape", [(0, 0, 3), (1, 1, 3), (10, 900), (64, 64, 4)])
def test_where_there_is_no_face_there_is_none(shape):
    assert find_faces(np.full(shape, 128, np.uint8)) == []
    assert find_faces(np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)) == []


def test_a_click_means_the_face_whose_middle_is_nearest():
    def face_about(x, y):
        points = ((x - 5, y - 5), (x + 5, y - 5), (x, y), (x - 5, y + 5), (x + 5, y + 5))
        return Face(0.5, (x - 20, y - 20, x + 20, y + 20), points)

    left, right = face_about(30, 30), face_about(55, 30)
    assert face_at([left, right], (36, 30)) is left
    assert face_at([left, right], (49, 30)) is right
    assert face_at([left, right], (200, 30)) is None


def test_every_kind_of_photograph_becomes_eight_bit_rgb():
    eight = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rgb = np.dstack([eight] * 3)
    assert np.array_equal(as_rgb8(eight), rgb)
    assert np.array_equal(as_rgb8(eight[..., None]), rgb)
    assert np.array_equal(as_rgb8(eight.astype(np.uint16) * 257), rgb)
    assert np.array_equal(as_rgb8((eight / 255).astype(np.float32)), rgb)
    assert np.array_equal(as_rgb8(np.dstack([rgb, eight])), rgb)


class FakeRetinaFace:
    """Answers as facexlib does: a row per face, and asserts what it is given."""

    def detect_faces(self, image, threshold):
        assert image[0, 0].tolist() == [3, 2, 1]  # facexlib expects BGR
        assert threshold == retinaface.LEAST_SCORE
        points = [40, 50, 80, 50, 60, 70, 45, 90, 75, 90]
        return np.array([[20, 20, 100, 120, 0.9, *points]], np.float32)


def test_retinaface_rows_become_faces_in_the_photographs_pixels(monkeypatch, tmp_path):
    monkeypatch.setattr(retinaface, "_network", lambda *_: FakeRetinaFace())
    photo = np.zeros((3200, 1600, 3), np.uint8)
    photo[:] = (1, 2, 3)
    (face,) = find_faces(photo, tmp_path / "weights.pth")
    assert face.confidence == pytest.approx(0.9)
    # Searched at half the size: pixel centres x become 2 x + 0.5.
    assert face.landmarks[0] == pytest.approx((80.5, 100.5))
    assert face.landmarks[4] == pytest.approx((150.5, 180.5))


@pytest.mark.parametrize("content", [None, b"", b"not weights", "other"])
def test_a_file_that_is_not_retinaface_is_refused(tmp_path, content):
    path = tmp_path / "detection_Resnet50_Final.pth"
    if content == "other":
        torch.save({"a": torch.zeros(2)}, path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match="detection_Resnet50_Final"):
        find_faces(np.zeros((64, 64, 3), np.uint8), path)
