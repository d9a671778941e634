"""What surrounds and covers a head: rooms, other people, clothes, hats, beards; hair colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.engine.parsing.curves import rise
from e4s_studio.train.parser.scene import HEAD, smooth_noise

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.parser.scene import Scene

    Plane = NDArray[np.floating]

EDGE: Final = 0.03
"""Softness of edges, in eye distances."""


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
    scene.paint(rise(below / EDGE) * free, cloth, Region.BACKGROUND)


def add_hat(rng: Generator, scene: Scene) -> None:
    """Cover hair and forehead with a hat, labelled as background."""
    u, v = scene.grid()
    u = u - rng.normal(0, 0.08)
    brim = rng.uniform(-1.05, -0.55) + rng.uniform(-0.1, 0.25) * u**2
    wide = rng.uniform(1.15, 1.9)
    cap = rise((brim - v) / EDGE) * rise((rng.uniform(1.05, 1.35) - np.abs(u)) / EDGE)
    band = rise((0.12 - np.abs(v - brim)) / EDGE) * rise((wide - np.abs(u)) / EDGE)
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
    inside = rise((v - top - sag) / EDGE) * rise((low + sag * 0.8 - v) / EDGE) * rise((1 - x) * 12)
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
    inside = rise((v - top + rough) / EDGE) * rise((narrowing - np.abs(u) + rough) / EDGE)
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
