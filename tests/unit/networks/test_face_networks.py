"""The small face networks: against the reference interpreter's outputs, and on rendered faces."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from e4s_studio.files.resources import FACE_NETWORKS, network_file
from e4s_studio.networks.face_detector import FaceDetector, anchor_centres
from e4s_studio.networks.face_mesh import FaceMesh
from e4s_studio.networks.iris import IrisNetwork
from e4s_studio.networks.mobile import SameConv2d
from e4s_studio.networks.person import PersonNetwork
from e4s_studio.networks.weights import WeightsError
from tests.samples import FACES, SHARED, rendered

KINDS = dict(zip(FACE_NETWORKS, (FaceDetector, FaceMesh, IrisNetwork, PersonNetwork), strict=True))
GOLDEN = SHARED / "golden" / "face_networks.npz"
PHOTOGRAPHS = ("pair1_source", "pair2_target", "unaligned_1")
needs_golden = pytest.mark.skipif(not GOLDEN.is_file(), reason=f"an additional check: no {GOLDEN}")
# Sums of some hundred float32 products in another order; outputs reach 200 pixels.
ROUNDING = 2e-3


@pytest.fixture(scope="module")
def network():
    loaded = {name: kind.from_file(network_file(name)) for name, kind in KINDS.items()}
    return loaded.__getitem__


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as file:
        return dict(file)


def picture(pixels, *, signed=False):
    levels = torch.tensor(pixels).permute(2, 0, 1)[None].float()
    return levels / 127.5 - 1 if signed else levels / 255


def resized(pixels, side):
    return F.interpolate(picture(pixels), (side, side), mode="area")


def difference(given, expected):
    return np.abs(given.numpy() - expected.astype(np.float32)).max()


@needs_golden
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_detector_gives_the_reference_numbers(network, golden, name):
    boxes, scores = network("face-detector")(picture(golden[f"{name}_input128"], signed=True))
    assert difference(boxes[0], golden[f"{name}_regressors"]) < ROUNDING
    assert difference(scores[0], golden[f"{name}_classificators"][:, 0]) < ROUNDING


@needs_golden
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_mesh_gives_the_reference_points(network, golden, name):
    points, presence = network("face-mesh")(picture(golden[f"{name}_input192"]))
    assert difference(points[0], golden[f"{name}_mesh_raw"]) < ROUNDING
    assert difference(presence, golden[f"{name}_mesh_flag"]) < ROUNDING


@needs_golden
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_iris_network_gives_the_reference_points(network, golden, name, side):
    eye = f"{name}_eye_{side}"
    contour, iris = network("face-iris")(picture(golden[f"{eye}_input64"]))
    assert difference(contour[0], golden[f"{eye}_contour"]) < ROUNDING
    assert difference(iris[0], golden[f"{eye}_iris"]) < ROUNDING


@needs_golden
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_person_map_is_the_reference_map(network, golden, name):
    person = network("face-person")(picture(golden[f"{name}_input256"]))
    half_precision = 2**-11  # the reference is stored so, every second pixel of it
    assert difference(person[0, ::2, ::2], golden[f"{name}_person"]) < half_precision + 1e-5


def test_anchors_lie_in_the_middles_of_two_grids_of_cells():
    centres = anchor_centres()
    fine, coarse = centres[: 16 * 16 * 2].reshape(16, 16, 2, 2), centres[512:].reshape(8, 8, 6, 2)
    assert torch.equal(fine[3, 5], torch.tensor([[5.5 / 16, 3.5 / 16]]).expand(2, 2))
    assert torch.equal(coarse[7, 0], torch.tensor([[0.5 / 8, 7.5 / 8]]).expand(6, 2))


@pytest.mark.parametrize("name", FACES)
def test_the_surest_box_holds_a_rendered_face(network, name):
    image, labels = rendered(name)
    boxes, scores = network("face-detector")(resized(image, 128) * 2 - 1)
    best = int(scores[0].argmax())
    assert scores[0, best] > 0
    centre = boxes[0, best, :2].numpy() / 128 + anchor_centres()[best].numpy()
    rows, columns = np.nonzero(labels == 6)  # skin
    middle = np.array([columns.mean(), rows.mean()]) / labels.shape[0]
    assert np.abs(centre - middle).max() < 0.1


def test_a_face_is_present_in_a_face_alone(network):
    image, _ = rendered("elias")
    crop = image[150:950, 112:912]
    _, presence = network("face-mesh")(
        torch.cat([resized(crop, 192), torch.full((1, 3, 192, 192), 0.5)])
    )
    assert presence[0] > 0 > presence[1]


def test_the_person_is_not_the_background(network):
    image, labels = rendered("elias")
    person = network("face-person")(resized(image, 256))[0].numpy()
    small = labels[2::4, 2::4]
    assert person[small == 6].mean() > 0.9
    assert person[:16, :16].mean() < 0.1


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (5, 1), (2, 2), (3, 2), (5, 2)])
def test_same_padding_is_tensorflows(kernel, stride):
    layer = SameConv2d(1, 1, kernel, stride).requires_grad_(False)
    layer.weight.fill_(1)
    layer.bias.zero_()
    size = 8
    out = layer(torch.arange(1.0, size + 1).expand(1, 1, size, size))
    # Defined by: ceil(size / stride) outputs, and the smaller half of the padding first.
    total = max((size // stride - 1) * stride + kernel - size, 0)
    padded = np.zeros((size + total, size + total))
    before = total // 2
    padded[before : before + size, before : before + size] = np.arange(1.0, size + 1)
    expected = [
        [padded[i : i + kernel, j : j + kernel].sum() for j in range(0, size, stride)]
        for i in range(0, size, stride)
    ]
    assert np.array_equal(out[0, 0].numpy(), expected)


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_the_weights_of_another_network_are_refused(name, kind):
    other = next(known for known in FACE_NETWORKS if known != name)
    with pytest.raises(WeightsError, match="is missing"):
        kind.from_file(network_file(other))
