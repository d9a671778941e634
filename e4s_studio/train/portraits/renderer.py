"""The order in which a portrait is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits import accessories, backdrop, body, eyes, hair, mouth, skin, strands
from e4s_studio.train.portraits.canvas import Canvas
from e4s_studio.train.portraits.fields import Field
from e4s_studio.train.portraits.geometry import EYE_LINE, Box, Frame, frame, window
from e4s_studio.train.portraits.lighting import Normals, Scene, light_scene, normals

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Labels
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import Texture

SIDES = (-1, 1)


FEATURES = ((-0.30, -0.20), (0.30, 0.37))
"""Corners (u, v) of the rectangle in which eyes, nose, mouth and glasses lie."""


def _bounds(here: np.ndarray) -> Box:
    """Return the smallest rectangle that holds every true element (there is one)."""
    rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


class _Portrait:
    """One portrait in the making."""

    def __init__(self, shape: Shape, texture: Texture, size: int) -> None:
        self.shape, self.texture = shape, texture
        self.at: Frame = frame(shape, size)
        self.canvas = Canvas(size)
        self.head = body.head(shape, self.at)
        self.neck = body.neck(shape, self.at)
        self.ears = [body.ear(shape, self.at, side) for side in SIDES]
        self.mane = hair.mane(shape, self.at)
        self.cloth = body.cloth_distance(shape, self.at, self.neck)
        self.scene: Scene = light_scene(texture.background.light, self._height())

    def _height(self) -> Field:
        """Everything's height, for the shadows that one thing throws on another."""
        whole = np.full_like(self.at.u, -0.40)
        hair_height = self.mane.height
        whole = np.where(self.mane.back > 0, hair_height - 0.20, whole)
        whole = np.where(self.neck.distance > 0, self.neck.height - 0.02, whole)
        whole = np.where(self.cloth > 0, self.neck.height - 0.01, whole)
        for ear in self.ears:
            whole = np.where(ear.distance > 0, ear.height, whole)
        whole = np.where(self.head.distance > 0, self.head.height, whole)
        on_head = np.where(self.head.distance > 0, self.head.height + 0.018, hair_height)
        return np.where(self.mane.front > 0, on_head, whole).astype(np.float32)

    def _face_regions(self, at: Frame) -> Labels:
        """The region of the face's skin at every pixel, whatever will lie over it."""
        labels = np.full(at.u.shape, Region.SKIN, dtype=np.uint8)
        labels[body.nose_distance(self.shape, at) > 0] = Region.NOSE
        if self.shape.accessories.frame > 0:
            labels[accessories.lens_distance(self.shape, at) > 0] = Region.EYE_GLASS
        labels[eyes.brow_distance(self.shape, at)[0] > 0] = Region.EYEBROWS
        return labels

    def paint(self) -> None:
        shape, texture, at, canvas = self.shape, self.texture, self.at, self.canvas
        backdrop.paint_backdrop(at, texture.background, canvas)
        if shape.hair.bald == 0:
            self._shade_hair()
            strands.paint_back(self.hair, self.mane.crop(self.hair.box), self.locks, canvas)
        self._paint_skin()
        self._paint_features()
        if shape.hair.bald == 0:
            own = self.mane.crop(self.hair.box)
            strands.paint_front(shape, self.hair, own, self.locks, canvas)
        self._paint_accessories()

    def _shade_hair(self) -> None:
        box = _bounds(np.maximum(self.mane.front, self.mane.back) > -0.03)
        self.hair = self.at.crop(*box)
        own, scene = self.mane.crop(box), self.scene.crop(box)
        self.locks = strands.shade_hair(self.shape, self.hair, own, self.texture.hair, scene)

    def _paint_skin(self) -> None:
        near = -2.0 * self.at.pixel
        bare = (self.neck.distance > near) & (self.cloth < -near) & (self.head.distance < -near)
        if bare.any():
            box = _bounds(bare)
            self._paint_part(self.neck, box, np.full_like(bare[box], Region.BELOWFACE, np.uint8))
        self._paint_cloth()
        for ear in self.ears:
            here = ear.distance > near
            if here.any():
                box = _bounds(here)
                self._paint_part(ear, box, np.full_like(here[box], Region.EARS, np.uint8))
        here = self.head.distance > near
        here[window(self.at, self.shape, *FEATURES).box] = True
        self.skin = self.at.crop(*_bounds(here))
        labels = self._face_regions(self.skin)
        self.tissue, self.facing = self._paint_part(self.head, self.skin.box, labels)

    def _paint_part(
        self, part: body.Part, box: Box, regions: Labels
    ) -> tuple[skin.Tissue, Normals]:
        """Lay the skin of one part of the body, of the given `regions`."""
        at, scene, distance = self.at.crop(*box), self.scene.crop(box), part.distance[box]
        facing = normals(part.height[box], at.pixel, 0.003)
        tissue = skin.Tissue(self.texture, regions)
        albedo = skin.skin_albedo(self.shape, at, tissue)
        image = skin.shade_skin(at, tissue, albedo, scene, facing)
        image *= strands.root_shade(self.mane.front[box])[..., None]
        self.canvas.over(box, image, body.visible(distance, at.pixel))
        np.copyto(self.canvas.labels[box], regions, where=distance > 0)
        return tissue, facing

    def _paint_cloth(self) -> None:
        rows = np.flatnonzero((self.cloth > -2.0 * self.at.pixel).any(axis=1))
        if rows.size:
            at = self.at.crop(slice(rows[0], rows[-1] + 1), slice(None))
            facing = normals(self.neck.height[at.box], at.pixel, 0.004)
            light, scene = self.texture.background, self.scene.crop(at.box)
            backdrop.paint_cloth(at, self.cloth[at.box], light, scene, facing, self.canvas)

    def _within_skin(self, at: Frame) -> Box:
        """Where a part of the picture lies in the rectangle of the skin."""
        rows, columns = self.skin.box
        top, left = rows.start, columns.start
        own_rows, own_columns = at.box
        return (
            slice(own_rows.start - top, own_rows.stop - top),
            slice(own_columns.start - left, own_columns.stop - left),
        )

    def _paint_features(self) -> None:
        shape, texture, canvas = self.shape, self.texture, self.canvas
        e = shape.eyes.spacing
        for side in SIDES:
            low, high = sorted((side * (e - 0.10), side * (e + 0.12)))
            at = window(self.at, shape, (low, EYE_LINE - 0.07), (high, EYE_LINE + 0.07))
            own = at if side > 0 else at.mirrored()
            eye = eyes.opening(shape, own)
            eyes.paint_lids(shape, own, eye, self.tissue.crop(self._within_skin(at)), canvas)
            eyes.paint_eye(shape, own, eye, texture.eyes, self.scene.crop(at.box), side, canvas)
        at = window(self.at, shape, (-0.13, 0.06), (0.13, 0.24))
        mouth.paint_nostrils(shape, at, canvas)
        at = window(self.at, shape, (-0.17, 0.17), (0.17, 0.36))
        edges = mouth.lips(shape, at)
        scene = self.scene.crop(at.box)
        mouth.paint_lips(
            shape, at, edges, texture.lip, scene, self.facing.crop(self._within_skin(at)), canvas
        )
        mouth.paint_inside(shape, at, edges, texture.mouth, scene, canvas)
        at = window(self.at, shape, (-0.27, -0.19), (0.27, -0.04))
        eyes.paint_brow(shape, at, texture.eyebrows, self.scene, canvas)

    def _paint_accessories(self) -> None:
        shape, texture = self.shape, self.texture
        if shape.accessories.frame > 0:
            at = window(self.at, shape, (-0.29, -0.12), (0.29, 0.10))
            accessories.paint_glasses(shape, at, texture.eye_glass, self.scene, self.canvas)
        if shape.accessories.earring > 0:
            for side in SIDES:
                if body.ear_place(shape, side)[2] > 0.25 and not self._covered(side):
                    accessories.paint_earring(
                        shape, self.at, side, texture.ear_rings, self.scene, self.canvas
                    )

    def _covered(self, side: int) -> bool:
        """Whether hair hides the ear's lobe."""
        u, v, _ = body.ear_place(self.shape, side)
        lobe = (np.abs(self.at.u - u) < 0.02) & (np.abs(self.at.v - v - 0.09) < 0.02)
        return bool((self.mane.front[lobe] > 0).any())


def render(shape: Shape, texture: Texture, size: int) -> tuple[np.ndarray, Labels]:
    """Paint a portrait.

    Parameters
    ----------
    shape, texture
        Where its parts lie, and what each region looks like.
    size
        Pixels on a side, 32 or more.

    Returns
    -------
    image : (size, size, 3) uint8
        RGB, FFHQ-aligned: FFHQ's quad of its eyes and mouth is the whole picture.
    label_map : (size, size) uint8
        The region of each pixel.
    """
    portrait = _Portrait(shape, texture, size)
    portrait.paint()
    return portrait.canvas.developed(), portrait.canvas.labels
