"""Training examples for the parser: simulated photographs with exact label maps."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

from e4s_studio.core.quad import quad_from_landmarks
from e4s_studio.train.parser.scene import (
    add_background,
    add_beard,
    add_clothes,
    add_hat,
    add_moustache,
    paint_scene,
    recolour_hair,
    smooth_noise,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.parser.scene import Scene

    Plane = NDArray[np.floating]
    from collections.abc import Callable, Sequence

_ROUNDS: Final = 12
_HALF_HEAD: Final = 1.45
"""Distance from the face's axis beyond which a turn moves nothing, in eye distances."""


@dataclass(frozen=True)
class View:
    """Pose and proportions of a head, in eye distances; see `random_view`."""

    yaw: float
    pitch: float
    nose: float
    crown: float
    skull: float
    jaw: float
    jowls: float
    width: float

    def source(self, u: Plane, v: Plane) -> tuple[Plane, Plane]:
        """Return the coordinates on the frontal head of what is visible at (u, v)."""
        dome = (1 - (u / _HALF_HEAD) ** 2).clip(0, None)
        dome *= 1 - 0.65 * ((v - 1.3) / 1.0).clip(0, 1)
        tip = np.exp(-((u / 0.35) ** 2) - ((v - 0.65) / 0.35) ** 2)
        across = u - self.yaw * dome - (self.nose + 0.25 * self.yaw) * tip
        tall = (1 - ((v - 0.3) / 2.2) ** 2).clip(0, None)
        down = v - self.pitch * tall
        down = np.where(down < -0.4, -0.4 + (down + 0.4) / self.crown, down)
        down = np.where(down > 1.1, 1.1 + (down - 1.1) / self.jaw, down)
        wide = self.width * (1 + self.skull * ((-0.3 - v) / 0.6).clip(0, 1))
        wide = wide * (1 + self.jowls * ((v - 0.5) / 0.8).clip(0, 1))
        return across / wide, down

    def seen(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where (N, 2) points of the frontal head are visible, by fixed-point iteration."""
        found = points.copy()
        for _ in range(_ROUNDS):
            away = np.stack(self.source(found[:, 0], found[:, 1]), axis=1) - points
            found = found - 0.7 * away
        return found


def random_view(rng: Generator) -> View:
    """Sample a view: 60 % nearly frontal, the others turned by up to about 35°."""
    turned = rng.random() < 0.4
    return View(
        yaw=float(rng.uniform(-0.5, 0.5) if turned else rng.normal(0, 0.08)),
        pitch=float(rng.normal(0, 0.06)),
        nose=float(rng.normal(0, 0.02)),
        crown=float(rng.uniform(0.78, 1.08)),
        skull=float(rng.uniform(-0.05, 0.2)),
        jaw=float(rng.uniform(0.8, 1.35)),
        jowls=float(rng.uniform(-0.08, 0.25)),
        width=float(rng.uniform(0.92, 1.15)),
    )


def photograph(
    rng: Generator, scene: Scene, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Simulate an aligned photograph of a scene, (size, size, 3) uint8, with its label map."""
    view = random_view(rng)
    middle, unit = scene.points[:2].mean(axis=0), scene.unit
    points = view.seen((scene.points - middle) / unit)
    loose = 0.09 if rng.random() < 0.15 else 0.03
    points = (points + rng.normal(0, loose, points.shape)) * unit
    quad = quad_from_landmarks(*((float(x), float(y)) for x, y in points))
    quad = quad.scaled(float(np.exp(rng.normal(0, 0.04))))
    there = quad.to_photo(size) / unit  # the last row is not needed
    line = np.arange(size, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    u = (there[0, 0] * x + there[0, 1] * y + there[0, 2]).astype(np.float32)
    v = (there[1, 0] * x + there[1, 1] * y + there[1, 2]).astype(np.float32)
    bend = 0.03
    u, v = view.source(u + bend * smooth_noise(rng, size, 4), v + bend * smooth_noise(rng, size, 4))
    columns, rows = (
        np.asarray(t * unit + m, np.float32) for t, m in zip((u, v), middle, strict=True)
    )
    edge = cv2.BORDER_REPLICATE  # hair continues upwards, clothes downwards
    picture = cv2.remap(scene.picture, columns, rows, cv2.INTER_LINEAR, borderMode=edge)
    labels = cv2.remap(scene.labels, columns, rows, cv2.INTER_NEAREST, borderMode=edge)
    if rng.random() < 0.5:
        picture, labels = picture[:, ::-1], labels[:, ::-1]
    photo = _exposed(rng, _lit(rng, np.asarray(picture, np.float32)))
    return photo, np.ascontiguousarray(labels, np.uint8)


def _lit(rng: Generator, picture: Plane) -> Plane:
    """Shade a picture from a side, sometimes with a local light."""
    size = picture.shape[0]
    y, x = np.mgrid[:size, :size].astype(np.float32) / size - 0.5
    ax, ay = rng.normal(0, 0.5, 2)
    light = np.exp(ax * x + ay * y + 0.08 * smooth_noise(rng, size, 3))
    if rng.random() < 0.3:
        cx, cy, r = rng.uniform(-0.3, 0.3), rng.uniform(-0.5, 0.3), rng.uniform(0.03, 0.2)
        light += rng.uniform(0, 0.6) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / r**2)
    return np.asarray(picture * light[..., None], np.float32)


def _exposed(rng: Generator, picture: Plane) -> NDArray[np.uint8]:
    """Simulate camera and file: tone curve, greyscale, blur, grain, JPEG."""
    value = picture.clip(0, None) / max(np.percentile(picture, 98), 1) * rng.uniform(0.6, 1.1)
    value = value ** np.exp(rng.normal(0, 0.3))
    value = (value - 0.5) * np.exp(rng.normal(0, 0.25)) + 0.5 + rng.normal(0, 0.08)
    if rng.random() < 0.45:
        grey = value @ rng.dirichlet((3, 4, 2)).astype(np.float32)
        tint = rng.normal(0, 0.04, 3) * np.array([1, 0, -1]) if rng.random() < 0.2 else np.zeros(3)
        value = grey[..., None] + tint
    else:
        value = value * np.exp(rng.normal(0, 0.1, 3))
    value = _blurred(rng, value.astype(np.float32))
    grain = rng.standard_normal(value.shape[:2]).astype(np.float32)
    value += (grain * rng.exponential(0.014))[..., None]
    eight = np.asarray((value * 255).clip(0, 255), np.uint8)
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))]
        eight = np.asarray(cv2.imdecode(cv2.imencode(".jpg", eight, quality)[1], 1), np.uint8)
    return eight


def _blurred(rng: Generator, picture: Plane) -> Plane:
    soft = picture
    if rng.random() < 0.35:  # a small face, enlarged
        size, small = picture.shape[0], int(rng.integers(32, 110))
        soft = np.asarray(cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA))
        soft = np.asarray(cv2.resize(soft, (size, size), interpolation=cv2.INTER_CUBIC))
    elif rng.random() < 0.5:
        soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 2)))
    return np.asarray(soft, np.float32)


_SCENE_SIDE: Final = 128


def _example(
    rng: Generator, scenes: Sequence[Scene], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make an example of a random scene: picture (size, size, 3) and labels (size, size), uint8."""
    scene, other = (deepcopy(scenes[int(i)]) for i in rng.integers(0, len(scenes), 2))
    if rng.random() < 0.4:
        recolour_hair(rng, scene)
    if rng.random() < 0.15:
        add_moustache(rng, scene)
    if rng.random() < 0.1:
        add_beard(rng, scene)
    if rng.random() < 0.6:
        add_background(rng, scene, other)
        if rng.random() < 0.9:
            add_clothes(rng, scene)
    if rng.random() < 0.08:
        add_hat(rng, scene)
    return photograph(rng, scene, size)


class Pool(NamedTuple):
    """Examples: pictures (N, S, S, 3) and label maps (N, S, S), uint8."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def make_pool(
    seed: int, scenes: int, count: int, size: int, on_step: Callable[[int], None] = lambda _: None
) -> Pool:
    """Render scenes and make examples of them.

    Parameters
    ----------
    seed
        Random seed; an example does not depend on their number.
    scenes, count
        Number of scenes, and of examples made of them.
    size
        Pixels on a side.
    on_step
        Called with the number of scenes and examples done so far.
    """
    sources = []
    for i in range(scenes):
        sources.append(paint_scene(np.random.default_rng((seed, 0, i)), _SCENE_SIDE))
        on_step(i + 1)
    pool = Pool(np.empty((count, size, size, 3), np.uint8), np.empty((count, size, size), np.uint8))
    for i in range(count):
        rng = np.random.default_rng((seed, 1, i))
        pool.pictures[i], pool.labels[i] = _example(rng, sources, size)
        on_step(scenes + i + 1)
    return pool
