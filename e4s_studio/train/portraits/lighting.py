"""Light on a height field, and the picture that is painted in it, layer over layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from e4s_studio.core.regions import Region

if TYPE_CHECKING:
    from e4s_studio.train.portraits.fields import Field
    from e4s_studio.train.portraits.geometry import Box, Frame
    from e4s_studio.train.portraits.texture import Light

_SHADOW_GRID: Final = 128
"""Side of the grid on which cast shadows and occlusion are found; both are soft."""

FAR: Final = -0.40
"""Height of the background."""

Vector: TypeAlias = tuple[float, float, float]


class Normals(NamedTuple):
    """Unit normals, (H, W) each: x right, y down, z towards the viewer."""

    x: Field
    y: Field
    z: Field

    def towards(self, direction: Vector) -> Field:
        """Cosine between the normals and a unit direction."""
        return self.x * direction[0] + self.y * direction[1] + self.z * direction[2]

    def crop(self, box: tuple[slice, slice]) -> Normals:
        """Return a part of the picture."""
        return Normals(*(plane[box] for plane in self))


def normals(height: Field, pixel: float, smooth: float = 0.0) -> Normals:
    """Return the normals of a height field, smoothed over `smooth` units first."""
    if smooth > 0:
        height = cv2.GaussianBlur(height, (0, 0), max(smooth / pixel, 0.4))
    scale = 1.0 / (8.0 * pixel)
    dx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=scale)
    dy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=scale)
    z = 1.0 / np.sqrt(dx * dx + dy * dy + 1.0)
    return Normals(-dx * z, -dy * z, z)


def direction(azimuth: float, elevation: float) -> Vector:
    """Return the unit vector towards a light: azimuth to the right, elevation up, in radians."""
    flat = float(np.cos(elevation))
    return float(np.sin(azimuth)) * flat, -float(np.sin(elevation)), float(np.cos(azimuth)) * flat


@dataclass(frozen=True)
class LitScene:
    """A light over the scene: where the key light and the sky are visible, (H, W), 0 to 1."""

    light: Light
    key: Vector
    visible: Field
    open: Field

    @property
    def half(self) -> Vector:
        """The direction half-way between the key light and the viewer."""
        half = np.array(self.key) + np.array([0.0, 0.0, 1.0])
        x, y, z = (float(c) for c in half / np.linalg.norm(half))
        return x, y, z

    def mean(self, key: float, sky: float) -> float:
        """Return a weighted sum of the mean levels of key light and sky."""
        return float(key * np.mean(self.light.key) + sky * np.mean(self.light.sky))

    def crop(self, box: tuple[slice, slice]) -> LitScene:
        """Return a part of the picture."""
        return LitScene(self.light, self.key, self.visible[box], self.open[box])


def _shifted(height: Field, dx: float, dy: float) -> Field:
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    size = (height.shape[1], height.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(height, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _visibility(height: Field, key: Vector, softness: float) -> Field:
    """March towards the light: how visible it is from each point of a height field, 0 to 1."""
    cells = height.shape[0]
    rise = key[2] / max(1e-3, float(np.hypot(key[0], key[1])))
    ux, uy = key[0] / np.hypot(key[0], key[1]), key[1] / np.hypot(key[0], key[1])
    depth = np.full_like(height, -1.0)
    for reach in (0.012, 0.022, 0.035, 0.052, 0.075, 0.105, 0.145, 0.19):
        ahead = _shifted(height, float(ux) * reach * cells, float(uy) * reach * cells)
        depth = np.maximum(depth, (ahead - height - rise * reach) / (reach + 0.02))
    width = 0.35 + 0.5 * softness
    shade = np.clip(depth / width + 0.10, 0.0, 1.0)
    return 1.0 - cv2.GaussianBlur(shade, (0, 0), 0.8 + softness)


def _openness(height: Field) -> Field:
    """Return the share of the sky that is visible from each point (ambient occlusion)."""
    sunk = np.zeros_like(height)
    for sigma, weight in ((1.6, 14.0), (4.0, 7.0), (9.0, 2.6)):
        around = cv2.GaussianBlur(height, (0, 0), sigma)
        sunk += weight * np.maximum(around - height, 0.0)
    return 1.0 / (1.0 + sunk)


def _without_far_edges(grid: Field) -> Field:
    """Raise background cells at the edge of the foreground to its height."""
    near = np.ones((3, 3), np.uint8)
    return np.where(cv2.erode(grid, near) < 0.75 * FAR, cv2.dilate(grid, near), grid)


def light_scene(light: Light, height: Field) -> LitScene:
    """Light the height field (H, W) of the whole picture."""
    key = direction(light.azimuth, light.elevation)
    grid = _without_far_edges(
        cv2.resize(height, (_SHADOW_GRID, _SHADOW_GRID), interpolation=cv2.INTER_AREA)
    )
    size = (height.shape[1], height.shape[0])
    visible = cv2.resize(
        _visibility(grid, key, light.softness), size, interpolation=cv2.INTER_LINEAR
    )
    opened = cv2.resize(_openness(grid), size, interpolation=cv2.INTER_LINEAR)
    return LitScene(light, key, visible, opened)


def lit(scene: LitScene, facing: Normals, wrap: Vector = (0.0, 0.0, 0.0)) -> Field:
    """Return the light that arrives, (H, W, 3) linear.

    `wrap` per channel extends light beyond the terminator, as subsurface scattering does.
    """
    cosine = facing.towards(scene.key)
    away = facing.towards((-scene.key[0], scene.key[1] * 0.3, scene.key[2]))
    fill = np.maximum(away, 0.0)
    sky = scene.open * (0.62 - 0.38 * facing.y)
    fill *= scene.open
    light, planes = scene.light, []
    half_seen = scene.visible * (1.0 - scene.visible)
    for channel, around in enumerate(wrap):
        key = np.maximum(cosine + around, 0.0) * (1.0 / (1.0 + around))
        seen = scene.visible + (0.6 * around) * half_seen
        plane = light.key[channel] * key * seen
        plane += light.fill[channel] * fill
        plane += light.sky[channel] * sky
        planes.append(plane)
    return cv2.merge(planes)


def gloss(scene: LitScene, facing: Normals, sharpness: float) -> Field:
    """Return the key light's specular reflection, (H, W), 0 to 1 (Blinn-Phong)."""
    cosine = np.maximum(facing.towards(scene.half), 0.0)
    return np.exp((cosine - 1.0) * sharpness) * scene.visible


Labels: TypeAlias = NDArray[np.uint8]


_EXPOSURE: Final = 1.02
"""Gain before highlight compression."""

_SHOULDER: Final = 0.20
"""Strength of highlight compression."""

_CONTRAST: Final = 0.40
"""Strength of the S-curve on the displayed value."""


class Canvas:
    """A square picture in linear light, and the region of each pixel."""

    def __init__(self, size: int) -> None:
        self.light: Field = np.zeros((size, size, 3), dtype=np.float32)
        self.labels: Labels = np.full((size, size), Region.BACKGROUND, dtype=np.uint8)

    def over(self, box: Box, colour: Field, alpha: Field) -> None:
        """Blend `colour` (H, W, 3) over the part `box` with the coverage `alpha` (H, W)."""
        below = self.light[box]
        below += (colour - below) * cv2.merge([alpha, alpha, alpha])

    def shade(self, box: Box, factor: Field) -> None:
        """Multiply the part `box` by `factor`, (H, W) or (H, W, 3)."""
        self.light[box] *= factor if factor.ndim == 3 else factor[..., None]

    def add(self, box: Box, light: Field) -> None:
        """Add `light` (H, W, 3) to the part `box`."""
        self.light[box] += light

    def mark(self, box: Box, inside: np.ndarray, region: Region) -> None:
        """Label the pixels where `inside` is true with a region."""
        self.labels[box][inside] = region

    def developed(self) -> np.ndarray:
        """Return the picture, tone mapped with a gamma of 2, as (H, W, 3) uint8."""
        light = np.maximum(self.light, 0.0)
        light *= _EXPOSURE / (1.0 + _SHOULDER * light)
        shown = np.sqrt(np.minimum(light, 1.0))
        shown += _CONTRAST * shown * (1.0 - shown) * (2.0 * shown - 1.0)
        return (shown * 255.0 + 0.5).astype(np.uint8)


@dataclass(frozen=True)
class PaintContext:
    """What painting a part needs: its pixels' coordinates, their light, and the canvas."""

    at: Frame
    scene: LitScene
    canvas: Canvas

    def crop(self, at: Frame) -> PaintContext:
        """Return the context of a part of the whole picture, given its frame."""
        return PaintContext(at, self.scene.crop(at.box), self.canvas)
