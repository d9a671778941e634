"""Scenes for the parser: rendered heads, with other backgrounds, clothes, hats and beards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.engine.parsing.curves import rise
from e4s_studio.train.portraits import alignment_points, random_shape, random_texture, render

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.portraits import Shape

    Plane = NDArray[np.floating]

_ODDS_OF_CROWNS: Final = {"hair": 0.68, "bald": 0.14, "tonsure": 0.18}
_ROOM: Final = 0.15
"""Margin around a portrait, relative to its side."""
_EDGE: Final = 0.03
"""Softness of edges, in eye distances."""
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
    crown = rng.choice(list(_ODDS_OF_CROWNS), p=list(_ODDS_OF_CROWNS.values()))
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
    room = round(_ROOM * size)
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


def add_background(rng: Generator, scene: Scene, other: Scene) -> None:
    """Replace the background, clothes included, by a room or another person."""
    size = scene.labels.shape[0]
    kind = rng.random()
    if kind < 0.3:
        behind = _crowd(rng, other, size)
    else:
        behind = _room(rng, size, _similar_colour(rng, scene) if kind < 0.5 else _colour(rng))
    outside = (scene.labels == Region.BACKGROUND).astype(np.float32)
    scene.paint(cv2.GaussianBlur(outside, (0, 0), 0.7), behind)


def _similar_colour(rng: Generator, scene: Scene) -> Plane:
    """Return a colour near the hair's or skin's, so that only the shape separates them."""
    alike = scene.labels == (Region.HAIR if rng.random() < 0.65 else Region.SKIN)
    if not alike.any():
        return _colour(rng)
    return np.asarray(scene.picture[alike].mean(axis=0) + rng.normal(0, 8), np.float32)


def _room(rng: Generator, size: int, colour: Plane) -> Plane:
    """Return a background, flat or cloudy, with or without straight edges, (S, S, 3)."""
    picture: Plane = np.tile(colour, (size, size, 1)).astype(np.float32)
    for cells in (1, 2, 5, 12, 30):
        strength = rng.exponential(10) if rng.random() < 0.6 else 0.0
        tint = 1 + 0.4 * rng.standard_normal(3).astype(np.float32)
        picture = picture + strength * smooth_noise(rng, size, cells)[..., None] * tint
    for _ in range(rng.integers(0, 5)):
        picture = _with_edge(rng, picture)
    if rng.random() < 0.5:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 6)))
    return np.asarray(picture.clip(0, 255), np.float32)


def _with_edge(rng: Generator, picture: Plane) -> Plane:
    size = picture.shape[0]
    y, x = np.mgrid[:size, :size].astype(np.float32) / size - 0.5
    angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5)
    across = x * np.cos(angle) + y * np.sin(angle) - offset
    width = rng.uniform(0.02, 0.3) if rng.random() < 0.5 else 9.0
    inside = rise(across * size) * rise((width - across) * size)
    return np.asarray(
        picture * (1 - inside[..., None]) + _colour(rng) * inside[..., None], np.float32
    )


def _crowd(rng: Generator, other: Scene, size: int) -> Plane:
    """Return another person, moved and scaled, (S, S, 3)."""
    middle = (size / 2, size / 2)
    turn = cv2.getRotationMatrix2D(middle, rng.uniform(-15, 15), rng.uniform(0.6, 1.4))
    turn[:, 2] = turn[:, 2] + rng.choice((-1, 1), 2) * rng.uniform(0.2, 0.7, 2) * size
    away = cv2.warpAffine(
        other.picture, turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(away, np.float32)


def add_clothes(rng: Generator, scene: Scene) -> None:
    """Add a coat and usually a collar, over the neck and the ends of hair."""
    u, v = scene.grid()
    u = np.abs(u - rng.normal(0, 0.06) - rng.normal(0, 0.05) * v)
    half, chin = rng.uniform(0.55, 1.0), scene.chin()
    beside = u - half
    shoulder = chin + rng.uniform(-0.15, 0.45)
    free = 1 - np.isin(scene.labels, (*HEAD, Region.EARS)).astype(np.float32)
    if rng.random() < 0.5:
        free *= scene.labels != Region.HAIR
    free = np.asarray(cv2.GaussianBlur(free, (0, 0), 0.6), np.float32)
    if rng.random() < 0.7:
        edge = shoulder - rng.uniform(0, 0.4) + rng.uniform(0, 0.8) * (-beside / half).clip(0, None)
        edge += 3 * beside.clip(0, None)
        _paint_cloth(rng, scene, (v - edge, free), 200 if rng.random() < 0.75 else None)
    slope, depth = rng.uniform(0.1, 0.8), rng.uniform(0, 1.8) * (rng.random() < 0.8)
    edge = shoulder + slope * beside.clip(0, None) + depth * (-beside / half).clip(0, None)
    _paint_cloth(rng, scene, (v - edge, free), 20 if rng.random() < 0.6 else None)


def _paint_cloth(
    rng: Generator, scene: Scene, cut: tuple[Plane, Plane], lightness: float | None
) -> None:
    below, free = cut
    size = below.shape[0]
    colour = _colour(rng)
    if lightness is not None:
        colour = lightness + (colour - colour.mean()) * 0.15 + rng.uniform(-15, 50)
    folds = rng.exponential(8) * smooth_noise(rng, size, 4) + rng.exponential(5) * smooth_noise(
        rng, size, 16
    )
    hem = np.exp(-((below / 0.06) ** 2)) * rng.normal(0, 25)
    cloth = colour + (folds + hem)[..., None]
    shadow = np.exp(-(-below).clip(0, None) / 0.12) * (below < 0) * rng.uniform(0, 0.4)
    scene.picture *= (1 - shadow * free)[..., None]
    scene.paint(rise(below / _EDGE) * free, cloth, Region.BACKGROUND)


def add_hat(rng: Generator, scene: Scene) -> None:
    """Cover hair and forehead with a hat, labelled as background."""
    u, v = scene.grid()
    u = u - rng.normal(0, 0.08)
    brim = rng.uniform(-1.05, -0.55) + rng.uniform(-0.1, 0.25) * u**2
    wide = rng.uniform(1.15, 1.9)
    cap = rise((brim - v) / _EDGE) * rise((rng.uniform(1.05, 1.35) - np.abs(u)) / _EDGE)
    band = rise((0.12 - np.abs(v - brim)) / _EDGE) * rise((wide - np.abs(u)) / _EDGE)
    cloth = _colour(rng) + rng.exponential(8) * smooth_noise(rng, u.shape[0], 5)[..., None]
    scene.paint(np.maximum(cap, band), cloth, Region.BACKGROUND)


def add_moustache(rng: Generator, scene: Scene) -> None:
    """Cover the upper lip with a moustache, labelled as skin."""
    u, v = scene.grid()
    mouth = scene.mouth()
    wide, drop = rng.uniform(0.25, 0.65), rng.uniform(-0.1, 0.35)
    top = mouth - rng.uniform(0.17, 0.26)
    low = mouth + rng.uniform(-0.08, 0.05)
    x = np.abs(u) / wide
    sag = drop * x**2
    inside = (
        rise((v - top - sag) / _EDGE) * rise((low + sag * 0.8 - v) / _EDGE) * rise((1 - x) * 12)
    )
    inside *= np.isin(scene.labels, HEAD) & (scene.labels != Region.NOSE)
    scene.paint(inside * rng.uniform(0.7, 1), _strands(rng, u.shape[0]), Region.SKIN)


def add_beard(rng: Generator, scene: Scene) -> None:
    """Cover chin and jaw with a beard, labelled as skin."""
    u, v = scene.grid()
    mouth = scene.mouth()
    chin, wide = scene.chin(), rng.uniform(0.45, 1.05)
    end = chin + rng.uniform(-0.05, 0.5)
    top = mouth + 0.1 - rng.uniform(0, 0.9) * (np.abs(u) / 0.9) ** 2
    narrowing = wide * np.sqrt((1 - ((v - mouth) / (end - mouth + 0.1)).clip(0, 1) ** 2).clip(0, 1))
    rough = 0.04 * smooth_noise(rng, u.shape[0], 16)
    inside = rise((v - top + rough) / _EDGE) * rise((narrowing - np.abs(u) + rough) / _EDGE)
    inside *= ~np.isin(scene.labels, (Region.LIP, Region.MOUTH, Region.NOSE, Region.HAIR))
    inside *= np.isin(scene.labels, HEAD) | (v > chin - 0.1)
    scene.paint(inside * rng.uniform(0.7, 1), _strands(rng, u.shape[0]), Region.SKIN)


def _strands(rng: Generator, size: int) -> Plane:
    """Return facial hair, dark or grey, (S, S, 3)."""
    strands = smooth_noise(rng, size, 30) * rng.uniform(5, 20)
    tone = rng.uniform(10, 80) if rng.random() < 0.65 else rng.uniform(120, 235)
    tint = np.array([1.08, 1.0, 0.9], np.float32) ** rng.uniform(0, 2)
    return np.asarray((tone + strands)[..., None] * tint, np.float32)


def recolour_hair(rng: Generator, scene: Scene) -> None:
    """Give hair a random lightness from black to white, keeping its strands."""
    hair = scene.labels == Region.HAIR
    if hair.sum() < 20:
        return
    mean = scene.picture[hair].mean(axis=0)
    colour = rng.uniform(12, 235) + rng.normal(0, 8, 3)
    changed = (scene.picture - mean) * rng.uniform(0.5, 1.6) + colour
    soft = cv2.GaussianBlur(hair.astype(np.float32), (0, 0), 0.8)
    scene.paint(soft, changed)


def _colour(rng: Generator) -> Plane:
    """Sample a colour of any lightness, mostly of low chroma."""
    lightness, chroma = rng.uniform(5, 250), rng.exponential(22)
    return np.asarray((lightness + chroma * rng.standard_normal(3)).clip(0, 255), np.float32)
