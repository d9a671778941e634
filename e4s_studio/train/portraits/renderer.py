"""Renders a portrait from its shape and texture, from the back to the front."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits import accessories, body, features, hair, skin
from e4s_studio.train.portraits.geometry import EYE_LINE, Box, Frame, frame, window
from e4s_studio.train.portraits.lighting import (
    FAR,
    Canvas,
    Normals,
    PaintContext,
    light_scene,
    normals,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.train.portraits.fields import Field
    from e4s_studio.train.portraits.lighting import Labels
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import Texture

_SIDES: Final = (-1, 1)

_FEATURES: Final = ((-0.30, -0.20), (0.30, 0.37))
"""Corners (u, v) of the rectangle in which eyes, nose, mouth and glasses lie."""

_BACK_DEPTH: Final = 0.20
"""How far the hair behind the neck lies behind its form over the head."""

_HAIR_DEPTH: Final = 0.05
"""How far the hair over the skull lies behind its form."""

_HAIR_THICKNESS: Final = 0.018
"""How far hair stands out from the face below it, for the shadow that it casts."""


def _bounds(here: NDArray[np.bool_]) -> Box:
    """Return the smallest rectangle that holds every true element (there is one)."""
    rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _within(inner: Box, outer: Box) -> Box:
    """Return a rectangle of the picture in the coordinates of another that holds it."""
    rows, columns = (
        slice(own.start - whole.start, own.stop - whole.start)
        for own, whole in zip(inner, outer, strict=True)
    )
    return rows, columns


class _Portrait:
    """One portrait being rendered: the layout of its parts, and the picture so far."""

    def __init__(self, shape: Shape, texture: Texture, size: int) -> None:
        self.shape, self.texture = shape, texture
        self.at: Frame = frame(shape, size)
        self.head = body.head(shape, self.at)
        self.neck = body.neck(shape, self.at)
        self.ears = [body.ear(shape, self.at, side) for side in _SIDES]
        self.cloth = body.cloth_distance(shape, self.at, self.neck)
        self.hair = hair.layout(shape, self.at)
        self.canvas = Canvas(size)
        scene = light_scene(texture.background.light, self._height())
        self.context = PaintContext(self.at, scene, self.canvas)

    def _height(self) -> Field:
        """Return the height of the whole scene, from which cast shadows are computed."""
        whole = np.full_like(self.at.u, FAR)
        np.copyto(whole, self.hair.height - _BACK_DEPTH, where=self.hair.back > 0)
        np.copyto(whole, self.neck.height - 0.02, where=self.neck.distance > 0)
        np.copyto(whole, self.neck.height - 0.01, where=self.cloth > 0)
        for part in (*self.ears, self.head):
            np.copyto(whole, part.height, where=part.distance > 0)
        front = self.hair.front > 0
        whole[front & (self.head.distance > 0)] += _HAIR_THICKNESS
        np.copyto(whole, np.maximum(whole, self.hair.height - _HAIR_DEPTH), where=front)
        return whole

    def paint(self) -> None:
        """Paint all parts, from the back to the front."""
        accessories.paint_background(self.at, self.texture.background, self.canvas)
        locks = self._locks() if self.shape.hair.bald == 0 else None
        if locks:
            hair.paint_back(*locks)
        self._paint_neck()
        self._paint_ears()
        self._paint_face()
        if locks:
            hair.paint_front(self.shape, *locks)
        self._paint_accessories()

    def _locks(self) -> tuple[PaintContext, hair.HairLayout, Field]:
        """Return the hair's paint context, layout and picture."""
        box = _bounds(np.maximum(self.hair.front, self.hair.back) > -0.03)
        context, form = self._crop(box), self.hair.crop(box)
        return context, form, hair.shade_hair(self.shape, context, form, self.texture.hair)

    def _paint_neck(self) -> None:
        near = -2.0 * self.at.pixel
        bare = (self.neck.distance > near) & (self.cloth < -near) & (self.head.distance < -near)
        if bare.any():
            box = _bounds(bare)
            self._paint_part(self.neck, box, np.full_like(bare[box], Region.BELOWFACE, np.uint8))
        dressed = self.cloth > near
        if dressed.any():
            box = _bounds(dressed)
            facing = normals(self.neck.height[box], self.at.pixel, 0.004)
            context = self._crop(box)
            accessories.paint_cloth(context, self.cloth[box], self.texture.background, facing)

    def _paint_ears(self) -> None:
        for ear in self.ears:
            here = ear.distance > -2.0 * self.at.pixel
            if here.any():
                box = _bounds(here)
                self._paint_part(ear, box, np.full_like(here[box], Region.EARS, np.uint8))

    def _paint_face(self) -> None:
        here = self.head.distance > -2.0 * self.at.pixel
        here[window(self.at, self.shape, *_FEATURES).box] = True
        at = self.at.crop(*_bounds(here))
        skin_map, facing = self._paint_part(self.head, at.box, self._face_regions(at))
        for side in _SIDES:
            self._paint_eye(side, skin_map, at.box)
        self._paint_nose_and_mouth(facing, at.box)
        if self.shape.accessories.frame > 0:
            cast = accessories.rim_shadow(self.shape, at)
            self.canvas.shade(at.box, 1.0 - 0.30 * cast)
        context = self._near((-0.27, -0.19), (0.27, -0.04))
        features.paint_brow(self.shape, context, self.texture.eyebrows)

    def _face_regions(self, at: Frame) -> Labels:
        """Return the region of the face's skin at every pixel, before eyes and mouth."""
        labels = np.full(at.u.shape, Region.SKIN, dtype=np.uint8)
        labels[body.nose_distance(self.shape, at) > 0] = Region.NOSE
        if self.shape.accessories.frame > 0:
            labels[accessories.lens_distance(self.shape, at) > 0] = Region.EYE_GLASS
        labels[features.brow_distance(self.shape, at)[0] > 0] = Region.EYEBROWS
        return labels

    def _paint_part(
        self, part: body.Part, box: Box, regions: Labels
    ) -> tuple[skin.SkinMap, Normals]:
        """Paint the skin of one part of the body, which belongs to the given `regions`."""
        context, distance = self._crop(box), part.distance[box]
        facing = normals(part.height[box], self.at.pixel, 0.003)
        skin_map = skin.SkinMap.of(self.texture, regions)
        image = skin.paint_skin(self.shape, context, skin_map, facing)
        image *= hair.root_shade(self.hair.front[box])[..., None]
        self.canvas.over(box, image, body.visible(distance, self.at.pixel))
        np.copyto(self.canvas.labels[box], regions, where=distance > 0)
        return skin_map, facing

    def _crop(self, box: Box) -> PaintContext:
        return self.context.crop(self.at.crop(*box))

    def _near(self, low: tuple[float, float], high: tuple[float, float]) -> PaintContext:
        """Return the paint context of a rectangle (u, v) of the head."""
        return self.context.crop(window(self.at, self.shape, low, high))

    def _paint_eye(self, side: int, skin_map: skin.SkinMap, face: Box) -> None:
        inner, outer = side * (self.shape.eyes.spacing - 0.10), side * 0.245
        low, high = min(inner, outer), max(inner, outer)
        context = self._near((low, EYE_LINE - 0.07), (high, EYE_LINE + 0.07))
        own = context if side > 0 else replace(context, at=context.at.mirrored())
        eye = features.opening(self.shape, own.at)
        features.paint_lids(self.shape, own, eye, skin_map.crop(_within(context.at.box, face)))
        features.paint_eye(self.shape, own, eye, self.texture.eyes, side)

    def _paint_nose_and_mouth(self, facing: Normals, face: Box) -> None:
        shape, texture = self.shape, self.texture
        features.paint_nostrils(shape, self._near((-0.13, 0.06), (0.13, 0.24)))
        context = self._near((-0.17, 0.17), (0.17, 0.36))
        edges = features.lips(shape, context.at)
        own = facing.crop(_within(context.at.box, face))
        features.paint_lips(shape, context, edges, texture.lip, own)
        if shape.mouth.gap > 0:
            features.paint_inside(shape, context, edges, texture.mouth)

    def _paint_accessories(self) -> None:
        shape, texture = self.shape, self.texture
        if shape.accessories.frame > 0:
            context = self._near((-0.29, -0.12), (0.29, 0.10))
            accessories.paint_glasses(shape, context, texture.eye_glass)
        for side in _SIDES:
            if shape.accessories.earring > 0 and self._shows_lobe(side):
                accessories.paint_earring(shape, self.context, side, texture.ear_rings)

    def _shows_lobe(self, side: int) -> bool:
        """Whether neither the head's turn nor hair hides the ear's lobe."""
        u, v, turned = body.ear_place(self.shape, side)
        lobe = (np.abs(self.at.u - u) < 0.02) & (np.abs(self.at.v - v - 0.09) < 0.02)
        return turned > 0.25 and not bool((self.hair.front[lobe] > 0).any())


def render(shape: Shape, texture: Texture, size: int) -> tuple[NDArray[np.uint8], Labels]:
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
