"""The order in which a portrait is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits import accessories, backdrop, body, eyes, hair, mouth, skin
from e4s_studio.train.portraits.canvas import Canvas
from e4s_studio.train.portraits.fields import Field, cover
from e4s_studio.train.portraits.geometry import EYE_LINE, Frame, frame, window
from e4s_studio.train.portraits.lighting import Normals, Scene, light_scene, normals

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Labels
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import Texture

SIDES = (-1, 1)


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

    def _tissue(self) -> Labels:
        """The region of the skin at every pixel, whatever will lie over it."""
        labels = np.full(self.at.u.shape, Region.BELOWFACE, dtype=np.uint8)
        for ear in self.ears:
            labels[ear.distance > 0] = Region.EARS
        labels[self.head.distance > 0] = Region.SKIN
        labels[(body.nose_distance(self.shape, self.at) > 0) & (self.head.distance > 0)] = (
            Region.NOSE
        )
        if self.shape.accessories.frame > 0:
            labels[accessories.lens_distance(self.shape, self.at) > 0] = Region.EYE_GLASS
        labels[eyes.brow_distance(self.shape, self.at)[0] > 0] = Region.EYEBROWS
        return labels

    def _facing(self) -> Normals:
        """Normals of the nearest skin, each part's own so that no edge shows as a step."""
        parts = [(self.neck, 0.003), *((ear, 0.0015) for ear in self.ears), (self.head, 0.0035)]
        x, y, z = (np.zeros_like(self.at.u) for _ in range(3))
        for part, smooth in parts:
            own = normals(part.height, self.at.pixel, smooth)
            inside = part.distance > 0
            x, y, z = (
                np.where(inside, new, old)
                for new, old in zip((own.x, own.y, own.z), (x, y, z), strict=True)
            )
        return Normals(x, y, z)

    def paint(self) -> None:
        shape, texture, at, canvas = self.shape, self.texture, self.at, self.canvas
        backdrop.paint_backdrop(at, texture.background, canvas)
        strands = hair.shade_hair(shape, at, self.mane, texture.hair, self.scene)
        hair.paint_back(at, self.mane, strands, canvas)
        self.facing = self._facing()
        self._paint_skin()
        self._paint_features()
        hair.paint_front(shape, at, self.mane, strands, canvas)
        self._paint_accessories()

    def _paint_skin(self) -> None:
        shape, texture, at, canvas = self.shape, self.texture, self.at, self.canvas
        tissue = self._tissue()
        self.tissue = skin.Tissue(texture, tissue)
        albedo = skin.skin_albedo(shape, at, self.tissue)
        image = skin.shade_skin(at, self.tissue, albedo, self.scene, self.facing)
        canvas.over(at.box, image, body.visible(self.neck.distance, at.pixel))
        canvas.mark(at.box, self.neck.distance > 0, Region.BELOWFACE)
        cloth = normals(self.neck.height, at.pixel, 0.004)
        backdrop.paint_cloth(at, self.cloth, texture.background, self.scene, cloth, canvas)
        for part in (*self.ears, self.head):
            canvas.over(at.box, image, body.visible(part.distance, at.pixel))
            inside = part.distance > 0
            canvas.labels[inside] = tissue[inside]

    def _paint_features(self) -> None:
        shape, texture, canvas = self.shape, self.texture, self.canvas
        e = shape.eyes.spacing
        for side in SIDES:
            low, high = sorted((side * (e - 0.10), side * (e + 0.12)))
            at = window(self.at, shape, (low, EYE_LINE - 0.07), (high, EYE_LINE + 0.07))
            own = at if side > 0 else at.mirrored()
            eye = eyes.opening(shape, own)
            eyes.paint_lids(shape, own, eye, self.tissue.crop(texture, at.box), canvas)
            eyes.paint_eye(shape, own, eye, texture.eyes, self.scene.crop(at.box), side, canvas)
        at = window(self.at, shape, (-0.13, 0.06), (0.13, 0.24))
        mouth.paint_nostrils(shape, at, canvas)
        at = window(self.at, shape, (-0.17, 0.17), (0.17, 0.36))
        edges = mouth.lips(shape, at)
        scene = self.scene.crop(at.box)
        mouth.paint_lips(shape, at, edges, texture.lip, scene, self.facing.crop(at.box), canvas)
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


__all__ = ["cover", "cv2", "render"]
