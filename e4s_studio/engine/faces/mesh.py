"""The face mesh on a photograph: 468 points of each face, and whether there is a face at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch

from e4s_studio.files.resources import network_file
from e4s_studio.networks.face_mesh import SIDE, FaceMesh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from e4s_studio.core.quad import Quad

    Points = NDArray[np.float64]

LEAST_PRESENCE: Final = 0.5
"""Below this probability the mesh rejects a face."""
_ENLARGED: Final = 1.5
"""The region of interest is this much larger than the box of the points."""
_ROUNDS: Final = 2
_OUTER_EYES: Final = (33, 263)
"""The outer corners of the eye at the viewer's left and of the other one."""
# Where the points' box lies in an aligned crop, in shares of its side.
_CROP_CENTRE: Final = (0.5, 0.57)
_CROP_BOX: Final = 0.62


@dataclass(frozen=True)
class Roi:
    """A square of a photograph that the mesh network looks at: its region of interest.

    Attributes
    ----------
    centre
        (x, y) in pixels of the photograph.
    side
        In pixels.
    angle
        How far the face is turned clockwise, in radians.
    """

    centre: tuple[float, float]
    side: float
    angle: float = 0.0

    def to_photo(self, size: int) -> NDArray[np.float64]:
        """Return the (2, 3) matrix from pixels of a crop of `size` to those of the photograph."""
        scale = self.side / size
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        turn = np.array([[cos, -sin], [sin, cos]])
        middle = np.full(2, (size - 1) / 2)
        return np.column_stack([turn, self.centre - turn @ middle])


@dataclass(frozen=True, eq=False)
class MeshPoints:
    """The face mesh of a face.

    Attributes
    ----------
    points
        (468, 3) float64: x, y in pixels of the photograph; z in the same unit, negative towards
        the camera.
    presence
        How likely it is a face at all, 0 to 1.
    """

    points: Points
    presence: float


def roi_of_box(box: tuple[float, float, float, float], eyes: Points) -> Roi:
    """Return the region of interest of a face that was detected.

    Parameters
    ----------
    box
        (x0, y0, x1, y1) around the face.
    eyes
        (2, 2): both eyes, the one at the upright face's left first.
    """
    x0, y0, x1, y1 = box
    side = _ENLARGED * max(x1 - x0, y1 - y0)
    return Roi(((x0 + x1) / 2, (y0 + y1) / 2), side, _slope(eyes))


def roi_of_points(points: Points) -> Roi:
    """Return the region of interest of a face whose points, (468, 2 or 3), are known."""
    angle = _slope(points[list(_OUTER_EYES), :2])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = points[:, :2] @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = turn.T @ ((low + high) / 2)
    return Roi((float(x), float(y)), float(_ENLARGED * (high - low).max()), angle)


def mesh_at(photograph: NDArray[np.uint8], quad: Quad) -> MeshPoints:
    """Place the mesh on the face of an alignment quad.

    Parameters
    ----------
    photograph
        (H, W, 3) uint8 RGB.
    quad
        Where the face is.
    """
    matrix = quad.to_photo(1024)
    x, y, scale = matrix @ (*(1024 * share for share in _CROP_CENTRE), 1.0)
    roi = Roi((x / scale, y / scale), _ENLARGED * _CROP_BOX * quad.side, np.radians(quad.angle))
    (found,) = place_meshes(photograph, [roi])
    return found


def place_meshes(photograph: NDArray[np.uint8], rois: Sequence[Roi]) -> list[MeshPoints]:
    """Place the mesh on several faces.

    The first look moves each region of interest to where the points are; the second one counts.

    Parameters
    ----------
    photograph
        (H, W, 3) uint8 RGB.
    rois
        Where the faces are.

    Raises
    ------
    CheckpointError
        If the weights of the mesh network are missing or damaged.
    """
    found: list[MeshPoints] = []
    for _ in range(_ROUNDS):
        found = _looked_at(photograph, rois) if rois else []
        rois = [roi_of_points(mesh.points) for mesh in found]
    return found


def _looked_at(photograph: NDArray[np.uint8], rois: Sequence[Roi]) -> list[MeshPoints]:
    crops = np.stack([roi_crop(photograph, roi, SIDE) for roi in rois])
    batch = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        points, logits = _network()(batch)
    presences = logits.sigmoid().tolist()
    return [
        MeshPoints(_in_photo(each, roi), presence)
        for each, roi, presence in zip(points.double().numpy(), rois, presences, strict=True)
    ]


def _in_photo(points: Points, roi: Roi) -> Points:
    """Bring points from the crop to the photograph; pixel centres are whole numbers in both."""
    matrix = roi.to_photo(SIDE)
    flat = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return np.column_stack([flat, points[:, 2] * roi.side / SIDE])


def roi_crop(photograph: NDArray[np.uint8], roi: Roi, size: int) -> NDArray[np.uint8]:
    """Cut a region of interest out of a photograph, (size, size, 3) uint8; black beyond it."""
    reach = roi.side * (abs(np.cos(roi.angle)) + abs(np.sin(roi.angle))) / 2 + 2
    height, width = photograph.shape[:2]
    x0, y0 = (max(int(value - reach), 0) for value in roi.centre)
    x1, y1 = (
        min(int(value + reach) + 1, end)
        for value, end in zip(roi.centre, (width, height), strict=True)
    )
    if x0 >= x1 or y0 >= y1:
        return np.zeros((size, size, 3), np.uint8)
    part, factor = photograph[y0:y1, x0:x1], max(roi.side / size, 1.0)
    shape = max(round(part.shape[1] / factor), 1), max(round(part.shape[0] / factor), 1)
    ratio = np.array(shape) / part.shape[1::-1]
    # Averaged over areas first: a large face warped at once would be sampled here and there.
    small = cv2.resize(part, shape, interpolation=cv2.INTER_AREA)
    matrix = roi.to_photo(size)
    matrix[:, 2] -= (x0, y0)
    matrix[:, 2] = (matrix[:, 2] + 0.5) * ratio - 0.5
    matrix[:, :2] *= ratio[:, None]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(small, matrix, (size, size), flags=flags), np.uint8)


def _slope(eyes: Points) -> float:
    across = eyes[1] - eyes[0]
    return float(np.arctan2(across[1], across[0]))


@cache
def _network() -> FaceMesh:
    return FaceMesh.from_file(network_file("face-mesh")).eval()
