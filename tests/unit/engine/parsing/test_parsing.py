"""The starter map against true maps, of rendered portraits and of photographs."""

import numpy as np
import pytest
import torch
from PIL import Image

from e4s_studio.core.errors import CheckpointError
from e4s_studio.core.regions import FROM_BISENET, FROM_CELEBAMASK, Region
from e4s_studio.engine.doubt import doubt_of
from e4s_studio.engine.parsing import bisenet, bisenet_map, doubtful_spots, starter_map
from e4s_studio.train.portraits import random_shape, random_texture, render
from tests.samples import PHOTOGRAPHS, needs_photographs, picture_of, rendered

RENDERED_NAMES = ("amara", "noor", "rosalind", "vera")
PHOTOGRAPH_NAMES = ("pair1_source", "pair1_target", "pair2_source", "pair2_target")
LARGE = (Region.SKIN, Region.HAIR, Region.BACKGROUND, Region.BELOWFACE)
SMALL = (Region.EYEBROWS, Region.EYES, Region.NOSE, Region.LIP)


def overlap(found, true, region):
    either = ((found == region) | (true == region)).sum()
    return ((found == region) & (true == region)).sum() / max(either, 1)


def overlaps(found, true, regions):
    return [overlap(found, true, region) for region in regions]


def photograph(name):
    """Return a photograph and its label map, both 512²."""
    labels = FROM_CELEBAMASK[np.asarray(Image.open(PHOTOGRAPHS / f"{name}_mask.png"))]
    return picture_of(PHOTOGRAPHS / f"{name}.jpg"), labels


def portrait(name):
    """Return a rendered portrait and its label map at 512²."""
    image, labels = rendered(name)
    return image, labels[::2, ::2]


@pytest.fixture(
    scope="module",
    params=[
        (portrait, RENDERED_NAMES),
        pytest.param((photograph, PHOTOGRAPH_NAMES), marks=needs_photographs),
    ],
    ids=["rendered", "photographs"],
)
def samples(request):
    """Parse four portraits, the first two with an open mouth: (image, true map, parsing) each."""
    read, names = request.param
    pairs = [read(name) for name in names]
    small = [(np.asarray(Image.fromarray(image).reduce(2)), true) for image, true in pairs]
    return [(image, true, starter_map(image)) for image, true in small]


def test_portraits_are_parsed_well_enough_to_start_from(samples):
    right = [(parsing.labels == true).mean() for _, true, parsing in samples]
    large = [overlaps(parsing.labels, true, LARGE) for _, true, parsing in samples]
    small = [overlaps(parsing.labels, true, SMALL) for _, true, parsing in samples]
    assert np.mean(right) >= 0.85
    assert np.mean(large) >= 0.70
    assert np.mean(small) >= 0.60
    # None of the four is a failure.
    assert min(right) >= 0.80


def test_labels_and_doubt_have_the_crops_size(samples):
    photo, _, parsing = samples[0]
    assert parsing.labels.shape == parsing.doubt.shape == photo.shape[:2]
    assert parsing.labels.dtype == np.uint8
    assert parsing.doubt.dtype == np.float32
    assert 0 <= parsing.doubt.min() <= parsing.doubt.max() <= 1


def test_doubt_is_where_the_mistakes_are(samples):
    for _, true, parsing in samples:
        wrong = parsing.labels != true
        assert parsing.doubt[wrong].mean() > 1.5 * parsing.doubt[~wrong].mean()


def test_the_mouth_is_open_only_where_teeth_show(samples):
    shows = [(parsing.labels == Region.MOUTH).sum() > 200 for _, _, parsing in samples]
    assert shows == [True, True, False, False]


def test_parsing_is_repeatable():
    image, _ = painted(3)
    first, second = starter_map(image), starter_map(image)
    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.doubt, second.doubt)


def painted(seed, size=256):
    rng = np.random.default_rng(seed)
    return render(random_shape(rng), random_texture(rng), size)


def test_painted_portraits_are_parsed():
    right = []
    for seed in range(4):
        image, true = painted(seed)
        right.append((starter_map(image).labels == true).mean())
    assert np.mean(right) >= 0.85


@pytest.mark.parametrize("size", [96, 700])
def test_any_size_of_crop_gives_the_same_face(size):
    image, true = painted(1, 256)
    other = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
    labels = starter_map(other).labels
    back = np.asarray(Image.fromarray(labels).resize((256, 256), Image.Resampling.NEAREST))
    assert (back == true).mean() >= 0.8


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_even_picture_gives_a_face_of_usual_places(value):
    labels, doubt = starter_map(np.full((128, 128, 3), value, np.uint8))
    assert labels[64, 64] in {Region.NOSE, Region.SKIN}
    assert np.isfinite(doubt).all()


def test_grey_pictures_are_parsed(samples):
    photo, true, _ = samples[3]
    grey = np.repeat(photo.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert (starter_map(grey).labels == true).mean() > 0.75


def test_doubt_is_what_the_best_lacks_over_the_second():
    chances = np.array([[[0.7, 0.2, 0.1], [0.5, 0.5, 0.0]]], np.float32)
    assert np.allclose(doubt_of(chances), [[0.5, 1.0]])


def test_the_walk_goes_from_the_worst_spot_to_the_next():
    doubt = np.zeros((240, 240), np.float32)
    doubt[20:50, 30:60] = 0.9
    doubt[150:180, 100:130] = 0.6
    doubt[:, 220] = 1.0  # the thin border of a region is no spot
    spots = doubtful_spots(doubt)
    assert len(spots) >= 2
    (y, x), strongest = spots[0], doubt[spots[0]]
    assert strongest == np.float32(0.9)
    assert 20 <= y < 50
    assert 30 <= x < 60
    assert all(x < 200 for _, x in spots)
    assert doubt[spots[-1]] <= strongest
    apart = [np.hypot(*np.subtract(a, b)) for i, a in enumerate(spots) for b in spots[:i]]
    assert min(apart) >= 240 / 8 - 1


def test_a_sure_parser_leaves_nothing_to_walk():
    assert doubtful_spots(np.zeros((64, 64), np.float32)) == []


class FakeBiSeNet(torch.nn.Module):
    """Sees one label at the left and another at the right, and the colour it was shown."""

    def forward(self, picture):
        self.seen = picture
        logits = torch.zeros(1, 19, 512, 512)
        logits[:, 17, :, :256] = 9  # hair in its order
        logits[:, 14, :, 256:] = 1  # neck
        return logits, logits, logits


def test_bisenet_has_its_own_label_order_and_preparation(monkeypatch, tmp_path):
    network = FakeBiSeNet()
    monkeypatch.setattr(bisenet, "_network", lambda *_: network)
    crop = np.zeros((300, 300, 3), np.uint8)
    crop[:] = (255, 0, 51)
    labels, doubt = bisenet_map(crop, tmp_path / "parsing_bisenet.pth")
    assert (labels[:, :140] == Region.HAIR).all()
    assert (labels[:, 160:] == Region.BELOWFACE).all()
    assert doubt[150, 20] < doubt[150, 280]
    # ImageNet's mean and deviation, RGB.
    expected = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]
    assert network.seen[0, :, 9, 9].tolist() == pytest.approx(expected, rel=1e-4)


def test_bisenet_loads_a_file_of_its_own_keys_and_parses(tmp_path):
    from facexlib.parsing.bisenet import BiSeNet  # noqa: PLC0415 (slow to import)

    torch.manual_seed(0)
    path = tmp_path / "parsing_bisenet.pth"
    torch.save(BiSeNet(num_class=19).state_dict(), path)
    labels, doubt = bisenet_map(painted(0)[0], path)
    assert labels.shape == doubt.shape == (256, 256)
    assert set(np.unique(labels)) <= set(FROM_BISENET.tolist())


def test_a_file_that_is_not_bisenet_is_refused(tmp_path):
    path = tmp_path / "parsing_bisenet.pth"
    torch.save({"weight": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="install them again"):
        bisenet_map(np.zeros((64, 64, 3), np.uint8), path)
    assert path.exists()
