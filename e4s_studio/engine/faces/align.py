"""From a photograph to the aligned crop that the network knows, and back.

Pixels are those of `e4s_studio.core.quad`: whole numbers are pixel centres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import cv2
import numpy as np

from e4s_studio.core.errors import FaceError
from e4s_studio.core.quad import Quad, quad_from_landmarks
from e4s_studio.engine.resample import shrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "Quad",
    "crop",
    "crop_labels",
    "from_crop",
    "paste_back",
    "quad_from_landmarks",
    "recrop_labels",
    "recrop_matte",
    "uncrop_labels",
]

Pixels = TypeVar("Pixels", bound=np.generic)

# FFHQ's padding, in quad sides.
_BORDER: Final = 0.1
_PADDING: Final = 0.3
_PADDING_BLUR: Final = 0.02
_NARROW_BLUR: Final = 4.0
"""Pixels: wider blurs are computed on a smaller picture."""
_MEDIAN_SIDE: Final = 256
"""Pixels: the median colour of larger crops is that of some of their pixels."""


def crop(photo: NDArray[Pixels], quad: Quad, size: int) -> NDArray[Pixels]:
    """Cut the aligned face out of a photograph.

    Outside the photograph FFHQ's padding continues it: reflected, more and more blurred, and
    fading to the median colour. FFHQ also blurs the photograph's own last rows; these stay sharp
    here, since they come back in `paste_back`.

    Parameters
    ----------
    photo
        (H, W) or (H, W, C) uint8, uint16 or float32, C up to 4.
    quad
        Where the face is.
    size
        The crop's width and height in pixels.

    Returns
    -------
    (size, size) or (size, size, C), dtype and value range of `photo`.

    Raises
    ------
    FaceError
        If the quad does not touch the photograph.
    """
    x0, y0, x1, y1 = _bounds(quad, photo.shape, margin=max(round(_BORDER * quad.side), 3))
    small, ratio = shrunk(photo[y0:y1, x0:x1], quad.side / size)
    padded, (left, top) = _padded(small, (quad.points - (x0, y0)) * ratio, quad.side * ratio.max())
    # Photograph -> cut-out -> shrunk (pixel centres move with the grid) -> padded.
    step = np.diag([*ratio, 1.0])
    step[:2, 2] = (ratio - 1) / 2 - ratio * (x0, y0) + (left, top)
    face = _warped(padded, quad.to_crop(size) @ np.linalg.inv(step), (size, size))
    return _as_type(face, photo.dtype)


def paste_back(
    photo: NDArray[Pixels], face: NDArray[np.generic], alpha: NDArray[np.floating], quad: Quad
) -> NDArray[Pixels]:
    """Return the photograph with an aligned face laid over it at the photograph's resolution.

    Parameters
    ----------
    photo
        (H, W) or (H, W, C) uint8, uint16 or float32.
    face
        (S, S) or (S, S, C) aligned face in the value range of `photo`, any dtype.
    alpha
        (S, S) floating, 0 to 1: how far `face` covers the photograph.
    quad
        Where the crop was taken.

    Returns
    -------
    A new array like `photo`. Where the warped alpha is 0 its pixels equal the photograph's bit
    for bit.

    Raises
    ------
    FaceError
        If the quad does not touch the photograph.
    """
    result = photo.copy()
    x0, y0, x1, y1 = _bounds(quad, photo.shape, margin=1)
    window = result[y0:y1, x0:x1]
    cover = from_crop(alpha, quad, (x0, y0, x1, y1)).clip(0, 1)
    laid = from_crop(face, quad, (x0, y0, x1, y1), edge=cv2.BORDER_REPLICATE)
    covered = cover > 0
    share = cover[covered] if photo.ndim == 2 else cover[covered][:, None]
    mixed = window[covered] * (1 - share) + laid[covered] * share
    window[covered] = _as_type(mixed, photo.dtype)
    return result


def from_crop(
    plane: NDArray[np.generic],
    quad: Quad,
    window: tuple[int, int, int, int],
    edge: int = cv2.BORDER_CONSTANT,
) -> NDArray[np.float32]:
    """Bring a picture or alpha from the crop to a window of the photograph.

    Parameters
    ----------
    plane
        (S, S) or (S, S, C) in the crop.
    quad
        Where the crop was taken.
    window
        (x0, y0, x1, y1) in whole photograph pixels, ends excluded.
    edge
        What stands outside the crop: OpenCV's border type; zeros unless told.

    Returns
    -------
    (y1 - y0, x1 - x0) or with channels, float32 in the value range of `plane`.
    """
    x0, y0, x1, y1 = window
    small, ratio = shrunk(plane, plane.shape[0] / quad.side)
    step = np.diag([*ratio, 1.0])
    step[:2, 2] = (ratio - 1) / 2
    shift = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], dtype=np.float64)
    matrix = shift @ quad.to_photo(plane.shape[0]) @ np.linalg.inv(step)
    smooth = cv2.INTER_LINEAR if plane.ndim == 2 else cv2.INTER_LANCZOS4
    return _warped(small, matrix, (y1 - y0, x1 - x0), edge=edge, how=smooth)


def crop_labels(labels: NDArray[np.uint8], quad: Quad, size: int) -> NDArray[np.uint8]:
    """Cut a label map of the whole photograph, (H, W) uint8, to the crop, (size, size) uint8.

    The nearest label is taken; outside the photograph lies background (0).
    """
    return _nearest(labels, quad.to_crop(size), (size, size))


def uncrop_labels(
    labels: NDArray[np.uint8], quad: Quad, shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Bring a crop's label map, (S, S) uint8, to the whole photograph, `shape` = (H, W) uint8."""
    return _nearest(labels, quad.to_photo(labels.shape[0]), shape)


def recrop_labels(
    labels: NDArray[np.uint8], before: Quad, after: Quad, beyond: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Keep a painted label map where it was on the face when its quad is changed by hand.

    Parameters
    ----------
    labels
        (S, S) uint8, painted in the crop of `before`.
    before, after
        The quad until now and the changed one.
    beyond
        (S, S) uint8 for what the old crop did not show, a parser's map of the new crop.

    Returns
    -------
    (S, S) uint8 in the crop of `after`.
    """
    size = labels.shape[0]
    matrix = after.to_crop(size) @ before.to_photo(size)
    carried = _nearest(labels, matrix, (size, size))
    known = _nearest(np.ones_like(labels), matrix, (size, size))
    return np.where(known > 0, carried, beyond)


def recrop_matte(
    matte: NDArray[np.uint8], before: Quad, after: Quad, beyond: int
) -> NDArray[np.uint8]:
    """Keep a soft matte, (S, S) uint8, where it was on the face; see `recrop_labels`.

    `beyond`, 0 to 255, stands where the old crop showed nothing.
    """
    size = matte.shape[0]
    matrix = after.to_crop(size) @ before.to_photo(size)
    warped = cv2.warpPerspective(
        matte,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(beyond,),
    )
    return np.asarray(warped, dtype=np.uint8)


def _bounds(quad: Quad, shape: Sequence[int], margin: int) -> tuple[int, int, int, int]:
    """Return the quad's bounding box with a margin, inside the photograph: x0, y0, x1, y1."""
    low = np.floor(quad.points.min(axis=0)).astype(int) - margin
    high = np.ceil(quad.points.max(axis=0)).astype(int) + margin + 1
    x0, y0 = (int(value) for value in np.maximum(low, 0))
    x1, y1 = (int(value) for value in np.minimum(high, (shape[1], shape[0])))
    if x0 >= x1 or y0 >= y1:
        raise FaceError("The alignment quad lies outside the photograph; move it onto the face.")
    return x0, y0, x1, y1


def _padded(
    image: NDArray[np.float32], points: NDArray[np.float64], side: float
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """FFHQ's padding: the image, and how far its origin moved right and down.

    Of FFHQ's 0.3 sides only what the crop shows is made.
    """
    height, width = image.shape[:2]
    over = np.concatenate([-points.min(axis=0), points.max(axis=0) - (width - 1, height - 1)])
    if over.max() <= 1:
        return image, (0, 0)
    least = round(_PADDING * side)
    blur = max(_PADDING_BLUR * side, 0.3)
    reach = np.maximum(np.ceil(over) + least, least)
    left, top, right, bottom = _made(over, reach, int(4 * blur) + 8)
    pads = ((top, bottom), (left, right)) + ((0, 0),) * (image.ndim - 2)
    mode = "reflect" if min(height, width) > 1 else "edge"
    padded = np.pad(image, pads, mode=mode)  # type: ignore[call-overload]
    blurred = _blurred(padded, blur)
    depth = _depth((height, width), (left, top, right, bottom), reach)
    if image.ndim == 3:
        depth = depth[:, :, None]
    thin = max(int(side / _MEDIAN_SIDE), 1)
    padded += (blurred.reshape(padded.shape) - padded) * (3 * depth).clip(0, 1)
    padded += (np.median(image[::thin, ::thin], axis=(0, 1)).astype(np.float32) - padded) * depth
    return padded, (left, top)


def _made(
    over: NDArray[np.float64], reach: NDArray[np.float64], margin: int
) -> tuple[int, int, int, int]:
    """How much padding is made at the left, top, right and bottom: none where none shows."""
    shown = np.where(over > 0, np.minimum(np.ceil(over) + margin, reach), 0)
    left, top, right, bottom = (int(value) for value in shown)
    return left, top, right, bottom


def _blurred(image: NDArray[np.float32], spread: float) -> NDArray[np.float32]:
    """Blur by a Gaussian; a wide one on a smaller picture, which shows no difference."""
    factor = max(spread / _NARROW_BLUR, 1.0)
    size = max(round(image.shape[1] / factor), 1), max(round(image.shape[0] / factor), 1)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor > 1 else image
    small = cv2.GaussianBlur(small, (0, 0), spread / factor)
    if factor > 1:
        small = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.float32)


def _depth(
    shape: tuple[int, int], pads: tuple[int, int, int, int], reach: NDArray[np.float64]
) -> NDArray[np.float32]:
    """How deep each pixel lies in the padding: 0 in the image, 1 where FFHQ's would end."""
    left, top, right, bottom = pads
    x = np.arange(-left, shape[1] + right, dtype=np.float32)
    y = np.arange(-top, shape[0] + bottom, dtype=np.float32)
    across = np.maximum(-x / reach[0], (x - shape[1] + 1) / reach[2])
    down = np.maximum(-y / reach[1], (y - shape[0] + 1) / reach[3])
    depth = np.maximum(across[None, :], down[:, None]).clip(0, 1)
    return np.asarray(depth, dtype=np.float32)


def _warped(
    image: NDArray[np.float32],
    matrix: NDArray[np.float64],
    shape: tuple[int, int],
    edge: int = cv2.BORDER_REPLICATE,
    how: int = cv2.INTER_LANCZOS4,
) -> NDArray[np.float32]:
    size = (shape[1], shape[0])
    warped = cv2.warpPerspective(image, matrix, size, flags=how, borderMode=edge)
    return np.asarray(warped, dtype=np.float32).reshape(*shape, *image.shape[2:])


def _nearest(
    labels: NDArray[np.uint8], matrix: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.uint8]:
    size = (shape[1], shape[0])
    warped = cv2.warpPerspective(labels, matrix, size, flags=cv2.INTER_NEAREST)
    return np.asarray(warped, dtype=np.uint8)


def _as_type(values: NDArray[np.floating], dtype: np.dtype[Pixels]) -> NDArray[Pixels]:
    """Round to an integer type within its range; a floating type keeps the values."""
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)  # type: ignore[type-var]
        values = np.rint(values).clip(limits.min, limits.max)
    return np.asarray(values, dtype=dtype)
