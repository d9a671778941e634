"""How a camera sees a scene: from where, in what light, on what film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.quad import quad_from_landmarks
from e4s_studio.train.parser.scene import smooth_noise

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.parser.scene import Scene

    Plane = NDArray[np.floating]

ROUNDS: Final = 12
HALF_HEAD: Final = 1.45
"""Eye distances from the face's axis to where a turned head's outline stays."""


@dataclass(frozen=True)
class View:
    """How a head is turned and built, in eye distances; see `random_view`."""

    yaw: float
    pitch: float
    nose: float
    crown: float
    skull: float
    jaw: float
    jowls: float
    width: float

    def source(self, u: Plane, v: Plane) -> tuple[Plane, Plane]:
        """Return where the head seen from the front has what is seen at (u, v)."""
        dome = (1 - (u / HALF_HEAD) ** 2).clip(0, None)
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
        """Return where (N, 2) points of the head seen from the front are seen."""
        found = points.copy()
        for _ in range(ROUNDS):
            away = np.stack(self.source(found[:, 0], found[:, 1]), axis=1) - points
            found = found - 0.7 * away
        return found


def random_view(rng: Generator) -> View:
    """Draw a view: two thirds about from the front, the others turned by up to some 35°."""
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


def photographed(
    rng: Generator, scene: Scene, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take an aligned photograph of a scene, (size, size, 3) uint8, and its map, (size, size)."""
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
    edge = cv2.BORDER_REPLICATE  # hair goes on upwards, clothes downwards
    picture = cv2.remap(scene.picture, columns, rows, cv2.INTER_LINEAR, borderMode=edge)
    labels = cv2.remap(scene.labels, columns, rows, cv2.INTER_NEAREST, borderMode=edge)
    if rng.random() < 0.5:
        picture, labels = picture[:, ::-1], labels[:, ::-1]
    photo = _developed(rng, _lit(rng, np.asarray(picture, np.float32)))
    return photo, np.ascontiguousarray(labels, np.uint8)


def _lit(rng: Generator, picture: Plane) -> Plane:
    """Shade a picture from a side, and shine a light on it somewhere."""
    size = picture.shape[0]
    y, x = np.mgrid[:size, :size].astype(np.float32) / size - 0.5
    ax, ay = rng.normal(0, 0.5, 2)
    light = np.exp(ax * x + ay * y + 0.08 * smooth_noise(rng, size, 3))
    if rng.random() < 0.3:
        cx, cy, r = rng.uniform(-0.3, 0.3), rng.uniform(-0.5, 0.3), rng.uniform(0.03, 0.2)
        light += rng.uniform(0, 0.6) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / r**2)
    return np.asarray(picture * light[..., None], np.float32)


def _developed(rng: Generator, picture: Plane) -> NDArray[np.uint8]:
    """Return what film and file make of a picture: tones, grey, blur, grain, JPEG."""
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
