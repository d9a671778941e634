"""Where the points of the face mesh lie on the head: drawn heads shown to the mesh network.

Each drawing says which place of the head the network puts each point at. The average over many
identities, actions, angles and lights, and over both sides of the face, has none of one drawing's
bias.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from e4s_studio.engine.head.model import HeadRegion
from e4s_studio.engine.head.raster import NOTHING, draw, face_normals, normals
from e4s_studio.files.resources import network_file
from e4s_studio.networks.face_mesh import POINTS, SIDE, FaceMesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.engine.head.model import HeadModel
    from e4s_studio.engine.head.raster import Drawing

FIRST: Final = 60
DRAWINGS: Final = 400
"""Drawings of the first round, without brows, and of the second."""
BROW: Final = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
NOSE: Final = (168, 193, 245, 128, 114, 217, 126, 209, 49, 129, 64, 98, 97, 2)
"""Half the outline of the nose, the viewer's left one, from the bridge down."""
LIPS: Final = (
    61,
    146,
    91,
    181,
    84,
    17,
    314,
    405,
    321,
    375,
    291,
    409,
    270,
    269,
    267,
    0,
    37,
    39,
    40,
    185,
)
SCALE: Final = 3
"""The drawing is so many times as large as the network's crop, and shown to it reduced."""
FACE: Final = 150.0
"""Millimetres from the chin to the forehead, about; the crop's side is 1.5 times this."""
FACING: Final = 0.35
"""A place whose normal has a smaller share towards the camera is not counted."""
REACH: Final = 4.0
"""Pixels of the crop from a point to the nearest place that can hold it."""
OUTSIDE: Final = (
    HeadRegion.SKIN,
    HeadRegion.LIPS,
    HeadRegion.LIDS,
    HeadRegion.SCALP,
    HeadRegion.NECK,
    HeadRegion.NOSE,
    HeadRegion.BROWS,
)
LOOSE: Final = {"jawOpen": 1.0, "eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
"""Actions that part what touches: two lips, or two lids."""
COLOURS: Final = {
    HeadRegion.LIPS: (0.62, 0.36, 0.35),
    HeadRegion.MOUTH: (0.25, 0.10, 0.10),
    HeadRegion.TEETH: (0.85, 0.83, 0.78),
    HeadRegion.TONGUE: (0.60, 0.30, 0.30),
    HeadRegion.EYE: (0.85, 0.84, 0.83),
    HeadRegion.IRIS: (0.20, 0.14, 0.10),
    HeadRegion.BROWS: (0.30, 0.22, 0.17),
    HeadRegion.SCALP: (0.22, 0.16, 0.12),
    HeadRegion.SHOULDERS: (0.25, 0.30, 0.40),
}
_NEAR: Final = 24
_STEPS: Final = 20
"""Triangles that are looked at for a place, and steps of the weights along an edge."""
SKIN: Final = (0.76, 0.57, 0.47)


@dataclass(frozen=True)
class Head:
    """One drawn head: its vertices (V, 3) in pixels of the network's crop, and its light."""

    vertices: NDArray[np.float64]
    light: NDArray[np.float64]


def random_head(model: HeadModel, rng: np.random.Generator) -> Head:
    """Return a head of random identity, expression, angle and light."""
    identity = np.clip(rng.normal(0, 0.35, len(model.identity)), -1.2, 1.2)
    expression = np.where(
        rng.random(len(model.expression)) < 0.12, rng.random(len(model.expression)), 0
    )
    open_jaw = rng.choice([0.0, 0.3, 0.6], p=[0.4, 0.3, 0.3])
    expression[model.expression_names.index("jawOpen")] = open_jaw
    for name in ("mouthClose", "tongueOut", "eyeBlinkLeft", "eyeBlinkRight"):
        if name in model.expression_names:
            expression[model.expression_names.index(name)] = 0
    angles = rng.normal(0, (10, 18, 4))
    turned = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    light = Rotation.from_euler("xy", rng.normal(0, (25, 35)), degrees=True).apply([0, -0.3, -1])
    vertices = model.shape(identity, expression) @ turned.T
    return Head(in_crop(vertices, vertices[_face_part(model)]), light / np.linalg.norm(light))


def in_crop(vertices: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale and shift vertices so that a part of them fills the crop as the network expects."""
    low, high = part[:, :2].min(axis=0), part[:, :2].max(axis=0)
    scale = SIDE / (1.5 * (high - low).max())
    centre = np.append((low + high) / 2, 0)
    return (vertices - centre) * scale + np.array([(SIDE - 1) / 2, (SIDE - 1) / 2, 0])


def _face_part(model: HeadModel) -> NDArray[np.bool_]:
    part = np.zeros(len(model.mean), bool)
    skin = np.isin(model.region, [HeadRegion.SKIN, HeadRegion.LIPS, HeadRegion.NOSE])
    part[model.triangles[skin].ravel()] = True
    return part


def shaded(model: HeadModel, head: Head, drawing: Drawing) -> NDArray[np.float32]:
    """Return the picture of a drawn head, (3, SIDE, SIDE) float32 RGB, 0 to 1."""
    colours = np.tile(np.array(SKIN, np.float32), (len(model.triangles), 1))
    for region, colour in COLOURS.items():
        colours[model.region == region] = colour
    normal = drawing.interpolate(normals(head.vertices, model.triangles), model.triangles)
    lit = 0.45 + 0.65 * np.clip(normal @ head.light.astype(np.float32), 0, 1)
    seen = drawing.triangle != NOTHING
    picture = np.full((*seen.shape, 3), 0.55, np.float32)
    picture[seen] = colours[drawing.triangle[seen]] * lit[seen, None]
    small = cv2.resize(
        np.clip(picture, 0, 1) ** (1 / 1.4), (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    return np.ascontiguousarray(small.transpose(2, 0, 1))


def drawn(model: HeadModel, head: Head) -> Drawing:
    """Draw a head in the crop, `SCALE` times as large."""
    half = np.array([0.5, 0.5, 0])
    enlarged = (head.vertices + half) * SCALE - half
    return draw(enlarged, model.triangles, (SIDE * SCALE, SIDE * SCALE))


class Network:
    """The mesh network on pictures of its own size."""

    def __init__(self) -> None:
        self._network = FaceMesh().eval()
        self._network.load_state_dict(load_file(network_file("face-mesh")))

    @torch.inference_mode()
    def points(self, picture: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the 468 points (x, y, z) of a picture (3, SIDE, SIDE)."""
        points, _ = self._network(torch.from_numpy(picture)[None])
        return points[0].double().numpy()


def settled(
    model: HeadModel, head: Head, network: Network, rounds: int = 2
) -> tuple[Head, Drawing, NDArray[np.float64], NDArray[np.float32]]:
    """Draw a head in the crop that the network's own points ask for."""
    for _ in range(rounds):
        drawing = drawn(model, head)
        picture = shaded(model, head, drawing)
        points = network.points(picture)
        last = head
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        scale = SIDE / (1.5 * (high - low).max())
        centre = np.append((low + high) / 2, 0)
        head = replace(
            head, vertices=(head.vertices - centre) * scale + [(SIDE - 1) / 2, (SIDE - 1) / 2, 0]
        )
    return last, drawing, points, picture


def mirrored_points(model: HeadModel, network: Network) -> NDArray[np.int64]:
    """Return which point is the mirror image of which: (468,)."""
    vertices = model.mean.astype(np.float64)
    head = Head(in_crop(vertices, vertices[_face_part(model)]), np.array([0.0, 0.0, -1.0]))
    points = settled(model, head, network)[2]
    points = points - [(SIDE - 1) / 2, 0, 0]
    points[:, 0] -= (points[:, 0].min() + points[:, 0].max()) / 2
    cost = np.linalg.norm(points[:, None] * [-1, 1, 1] - points, axis=2) ** 2
    other = linear_sum_assignment(cost + cost.T)[1]
    if (other[other] != np.arange(POINTS)).any():
        raise SystemExit("The points of the mesh have no left and right.")
    return other


def embedded(model: HeadModel) -> NDArray[np.float64]:
    """Return places of the vertices, (V, 9), that keep apart what touches on the mean head."""
    actions = [model.expression[model.expression_names.index(name)] for name in LOOSE]
    parted = actions[0], actions[1] + actions[2]
    return np.concatenate([model.mean, *parted], axis=1).astype(np.float64)


def with_points(model: HeadModel) -> HeadModel:
    """Return the head with the places of the 468 points, and with the regions they outline."""
    network = Network()
    other = mirrored_points(model, network)
    for drawings in (FIRST, DRAWINGS):
        triangle, weights = correspondence(model, network, other, drawings)
        model = replace(
            model,
            point_triangle=triangle,
            point_weights=weights,
            point_mirror=other.astype(np.int32),
        )
        model = replace(model, region=outlined(model))
    return model


def outlined(model: HeadModel) -> NDArray[np.uint8]:
    """Return the regions, (T,), with lips, brows and nose as the points outline them."""
    points = model.at_points(model.mean)
    mirror = model.point_mirror
    middles = model.mean[model.triangles].mean(axis=1)
    region = model.region.copy()
    face = np.isin(region, [HeadRegion.SKIN, HeadRegion.LIPS, HeadRegion.BROWS, HeadRegion.NOSE])
    region[face] = HeadRegion.SKIN
    nose = [*NOSE, *mirror[list(NOSE)][::-1]]
    for outline, value in (
        (LIPS, HeadRegion.LIPS),
        (nose, HeadRegion.NOSE),
        (BROW, HeadRegion.BROWS),
        (mirror[list(BROW)], HeadRegion.BROWS),
    ):
        polygon = np.ascontiguousarray(points[list(outline), :2], np.float32)
        inside = [cv2.pointPolygonTest(polygon, (x, y), False) > 0 for x, y, _ in middles.tolist()]
        region[face & np.array(inside)] = value
    return region


def correspondence(
    model: HeadModel, network: Network, other: NDArray[np.int64], drawings: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the triangle and weights of each of the 468 points, averaged over drawings.

    Parameters
    ----------
    model
        The head, whatever its points say.
    network
        The mesh network.
    other
        (468,): which point is the mirror image of which.
    drawings
        How many random heads are drawn.
    """
    places = embedded(model)
    flip = np.array([-1.0, 1, 1] * 3)
    rng = np.random.default_rng(0)
    total, weight = np.zeros((POINTS, places.shape[1])), np.zeros(POINTS)
    for _ in range(drawings):
        head, drawing, points, _ = settled(model, random_head(model, rng), network)
        found, certain = _hits(model, head, drawing, points, places)
        total += found * certain[:, None] + (found * flip * certain[:, None])[other]
        weight += certain + certain[other]
    mean = total / weight[:, None]
    return _nearest(model, places, mean, other)


def _hits(
    model: HeadModel,
    head: Head,
    drawing: Drawing,
    points: NDArray[np.float64],
    places: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the embedded place under each point, and how much it counts."""
    faces = face_normals(head.vertices, model.triangles)
    facing = -faces[:, 2] / np.maximum(np.linalg.norm(faces, axis=1), 1e-12)
    allowed = np.isin(model.region, OUTSIDE) & (facing > FACING)
    shown = (drawing.triangle != NOTHING) & allowed[drawing.triangle]
    y, x = np.nonzero(shown)
    distance, nearest = cKDTree(np.stack([x, y], axis=1)).query((points[:, :2] + 0.5) * SCALE - 0.5)
    triangle = drawing.triangle[y[nearest], x[nearest]]
    weights = drawing.weights[y[nearest], x[nearest]]
    found = np.einsum("pk,pkc->pc", weights, places[model.triangles[triangle]])
    return found, facing[triangle] ** 2 * (distance < REACH * SCALE)


def _nearest(
    model: HeadModel,
    places: NDArray[np.float64],
    wanted: NDArray[np.float64],
    other: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the triangles and weights nearest to embedded places, the same on both sides."""
    outside = np.isin(model.region, OUTSIDE)
    middle = model.mirror[model.triangles] == model.triangles  # corners in the middle of the face
    own = other == np.arange(POINTS)
    triangle, weights = np.zeros(POINTS, np.int32), np.zeros((POINTS, 3), np.float32)
    for points, triangles in ((~own, outside), (own, outside & (middle.sum(axis=1) == 2))):
        chosen = np.flatnonzero(triangles)
        centres = cKDTree(places[model.triangles[chosen]].mean(axis=1))
        for point in np.flatnonzero(points):
            near = chosen[centres.query(wanted[point], _NEAR)[1]]
            barred = own[point] & ~middle[near]
            n, weights[point] = _on_surface(wanted[point], places[model.triangles[near]], barred)
            triangle[point] = near[n]
    return _symmetric(model, triangle, weights, other)


def _on_surface(
    wanted: NDArray[np.float64],
    places: NDArray[np.float64],
    barred: NDArray[np.bool_],
) -> tuple[int, NDArray[np.float64]]:
    """Return which triangle (N, 3, 9) comes nearest to a place, and the weights of its corners.

    A corner that is `barred`, (N, 3), takes no weight.
    """
    steps = np.arange(_STEPS + 1)
    grid = np.array([(i, j, _STEPS - i - j) for i in steps for j in steps if i + j <= _STEPS])
    grid = grid / _STEPS
    sampled = np.einsum("gk,nkc->ngc", grid, places)
    distance = np.linalg.norm(sampled - wanted, axis=2)
    distance[np.einsum("gk,nk->ng", grid, barred.astype(float)) > 0] = np.inf
    n, g = divmod(int(distance.argmin()), len(grid))
    return n, grid[g]


def _symmetric(
    model: HeadModel,
    triangle: NDArray[np.int32],
    weights: NDArray[np.float32],
    other: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Give each point of the second side the mirrored place of its partner."""
    index = {frozenset(corners): t for t, corners in enumerate(model.triangles.tolist())}
    triangle, weights = triangle.copy(), weights.copy()
    for point in np.flatnonzero(other > np.arange(POINTS)):
        there = model.mirror[model.triangles[triangle[point]]].tolist()
        match = index[frozenset(there)]
        triangle[other[point]] = match
        order = [there.index(corner) for corner in model.triangles[match].tolist()]
        weights[other[point]] = weights[point][order]
    return triangle, weights
