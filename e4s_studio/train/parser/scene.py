"""A rendered head with its label map and landmarks, to which backgrounds and clothes are added."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits import alignment_points, random_shape, random_texture, render

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.portraits import Shape

    Plane = NDArray[np.floating]

ODDS_OF_CROWNS: Final = {"hair": 0.68, "bald": 0.14, "tonsure": 0.18}
ROOM: Final = 0.15
"""Margin around a portrait, relative to its side."""
HEAD: Final = (
    Region.SKIN,
    Region.EYEBROWS,
    Region.EYES,
    Region.NOSE,
    Region.LIP,
    Region.MOUTH,
    Region.EYE_GLASS,
)


@dataclass
class Scene:
    """A picture that is edited step by step, with its label map and landmarks.

    Attributes
    ----------
    picture
        (S, S, 3) float32 RGB levels, 0 to 255.
    labels
        (S, S) uint8.
    points
        (4, 2) float64: eyes and mouth corners, (x, y) in pixels.
    """

    picture: Plane
    labels: NDArray[np.uint8]
    points: NDArray[np.float64]

    @property
    def unit(self) -> float:
        """The eye distance in pixels."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    def grid(self) -> tuple[Plane, Plane]:
        """Return u and v of every pixel, (S, S) each: eye distances from the eyes' midpoint."""
        line = np.arange(self.labels.shape[0], dtype=np.float32)
        (x, y), unit = self.points[:2].mean(axis=0), self.unit
        u, v = np.meshgrid((line - np.float32(x)) / unit, (line - np.float32(y)) / unit)
        return u.astype(np.float32), v.astype(np.float32)

    def mouth(self) -> float:
        """Return the v of the mouth's corners."""
        return float((self.points[2:].mean(axis=0) - self.points[:2].mean(axis=0))[1] / self.unit)

    def chin(self) -> float:
        """Return the v of the chin."""
        u, v = self.grid()
        face = np.isin(self.labels, HEAD) & (np.abs(u) < 0.3)
        return float(v[face].max()) if face.any() else 1.8

    def paint(
        self, where: Plane, colour: NDArray[np.floating], region: Region | None = None
    ) -> None:
        """Blend a colour over a soft mask, and label the pixels where the mask exceeds ½.

        Parameters
        ----------
        where
            (S, S) float32, 0 to 1.
        colour
            Levels that broadcast to (S, S, 3).
        region
            The new label; None leaves the label map unchanged.
        """
        soft = where[..., None]
        self.picture = np.asarray(self.picture * (1 - soft) + colour * soft, np.float32)
        if region is not None:
            self.labels[where > 0.5] = region


def paint_scene(rng: Generator, size: int) -> Scene:
    """Render a random head: with hair, bald, or bald at the crown alone.

    Portraits are cropped at the crown; a scene is completed above.
    """
    return _with_crown(rng, _rendered(rng, size))


def _rendered(rng: Generator, size: int) -> Scene:
    shape, texture = random_shape(rng), random_texture(rng)
    crown = rng.choice(list(ODDS_OF_CROWNS), p=list(ODDS_OF_CROWNS.values()))
    points = alignment_points(shape, size)
    if crown == "hair":
        return _scene(*render(shape, texture, size), points)
    bald = _scene(*render(_bald(shape), texture, size), points)
    if crown == "bald":
        return bald
    cropped = _scene(*render(_cropped(rng, shape), texture, size), points)
    return _joined(rng, bald, cropped)


def _scene(
    picture: NDArray[np.uint8], labels: NDArray[np.uint8], points: NDArray[np.float64]
) -> Scene:
    return Scene(picture.astype(np.float32), labels.copy(), points)


def _bald(shape: Shape) -> Shape:
    none: dict[str, Any] = dict.fromkeys(
        ("length", "curtain", "bangs", "volume", "curl", "coil"), 0.0
    )
    return replace(shape, hair=replace(shape.hair, style="bald", bald=1.0, **none))


def _cropped(rng: Generator, shape: Shape) -> Shape:
    none: dict[str, Any] = dict.fromkeys(("length", "curtain", "bangs", "coil", "bald"), 0.0)
    sides = float(rng.uniform(0.008, 0.04))
    return replace(shape, hair=replace(shape.hair, style="crop", sides=sides, volume=0.01, **none))


def _joined(rng: Generator, bald: Scene, cropped: Scene) -> Scene:
    u, v = bald.grid()
    wobble = smooth_noise(rng, u.shape[0], 6) * 0.06
    bare = np.abs(u + rng.normal(0, 0.06)) + wobble < rng.uniform(0.62, 1.02) + 0.15 * (v + 1)
    bare |= v + wobble < rng.uniform(-1.6, -0.4) - 0.5 * (1 - np.abs(u))
    soft = cv2.GaussianBlur(bare.astype(np.float32), (0, 0), rng.uniform(0.5, 3))[..., None]
    picture = bald.picture * soft + cropped.picture * (1 - soft)
    labels = np.where(bare, bald.labels, cropped.labels)
    return Scene(picture.astype(np.float32), labels, bald.points)


def _with_crown(rng: Generator, scene: Scene) -> Scene:
    """Close a head that the upper edge cuts with a dome, and add a margin all around."""
    size = scene.labels.shape[0]
    room = round(ROOM * size)
    line = np.arange(size + 2 * room, dtype=np.float32) - room
    x, y = np.meshgrid(line, line)
    half = max((scene.labels[0] != Region.BACKGROUND).sum() / 2, 1)
    over = (-y).clip(0, None) / (rng.uniform(0.2, 0.5) * half)
    closing = np.sqrt((1 - over**2).clip(1e-4, 1))
    middle = scene.points[:2, 0].mean()
    across = np.asarray(middle + (x - middle) / closing, np.float32)
    edge = cv2.BORDER_REPLICATE
    picture = cv2.remap(scene.picture, across, y, cv2.INTER_LINEAR, borderMode=edge)
    labels = cv2.remap(scene.labels, across, y, cv2.INTER_NEAREST, borderMode=edge)
    return Scene(np.asarray(picture, np.float32), np.asarray(labels, np.uint8), scene.points + room)


def smooth_noise(rng: Generator, size: int, cells: int) -> Plane:
    """Return smooth noise, (size, size), of about unit deviation, with `cells` cells across."""
    knots = rng.standard_normal((cells + 3, cells + 3)).astype(np.float32)
    step = size / cells
    wide = cv2.resize(knots, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide[:size, :size], np.float32)
