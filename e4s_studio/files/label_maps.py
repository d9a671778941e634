"""Label maps in and out: finds out what a picture's values mean, and writes maps as PNG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from PIL import Image

from e4s_studio.core.errors import LabelMapError, OutputError
from e4s_studio.core.regions import (
    CELEBAMASK_COUNT,
    FROM_BISENET,
    FROM_CELEBAMASK,
    PALETTE,
    REGION_COUNT,
    Region,
)
from e4s_studio.files.images import SIXTEEN_BIT, open_picture
from e4s_studio.files.output import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LabelOrder = Literal["auto", "regions", "palette", "celebamask", "bisenet"]
"""What a picture's values mean: our 12 regions, those by colour, or one of the 19-label orders."""

_ASPECT_TOLERANCE: Final = 0.02
"""Largest relative difference between the aspect ratios of a map and its photograph."""

_GIVE_ANOTHER: Final = (
    "give a map that marks at least skin, eyes, nose and lips,"
    " or give none to have the regions found"
)

_UNUSED_COLOURS: Final = (
    (0, 0, 153),
    (0, 0, 204),
    (255, 51, 153),
    (0, 204, 204),
    (0, 51, 0),
    (255, 153, 51),
    (0, 204, 0),
)
_COLOURS: Final = np.vstack([PALETTE, np.array(_UNUSED_COLOURS, dtype=np.uint8)])
"""(19, 3) uint8: the published palette; the 12 regions use its first 12 entries."""

_REGIONS: Final = np.arange(REGION_COUNT, dtype=np.uint8)
_TABLES: Final[dict[str, NDArray[np.uint8]]] = {
    "regions": _REGIONS,
    "palette": np.pad(_REGIONS, (0, CELEBAMASK_COUNT - REGION_COUNT)),
    "celebamask": FROM_CELEBAMASK,
    "bisenet": FROM_BISENET,
}

_TO_CELEBAMASK: Final = np.array(
    [np.flatnonzero(np.equal(FROM_CELEBAMASK, region))[0] for region in Region], np.uint8
)

_ABOVE: Final = (
    (Region.HAIR, Region.EYES),
    (Region.HAIR, Region.LIP),
    (Region.HAIR, Region.BELOWFACE),
    (Region.EYEBROWS, Region.EYES),
    (Region.EYEBROWS, Region.NOSE),
    (Region.EYES, Region.NOSE),
    (Region.EYES, Region.LIP),
    (Region.EYE_GLASS, Region.LIP),
    (Region.NOSE, Region.LIP),
    (Region.NOSE, Region.MOUTH),
    (Region.LIP, Region.BELOWFACE),
    (Region.SKIN, Region.BELOWFACE),
)
"""Pairs of regions: in an upright face the first is, by its mean row, above the second."""

_SMALLER_THAN_SKIN: Final = (
    Region.LIP,
    Region.EYEBROWS,
    Region.EYES,
    Region.NOSE,
    Region.EARS,
    Region.MOUTH,
    Region.EAR_RINGS,
)


def read_label_map(
    path: Path | str,
    *,
    order: LabelOrder = "auto",
    size: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """Read a picture as a label map of the 12 regions.

    Grey and indexed pictures hold labels; pictures with all their colours in the published
    palette hold the colours' indices. With ``order="auto"`` the order is the one in which the
    regions lie as in an upright face; where several orders fit equally well it is ours if no
    label exceeds 11 or the map is coloured, else CelebAMask-HQ's.

    Parameters
    ----------
    path
        A lossless picture, such as a PNG.
    order
        "celebamask" and "bisenet" are the two orders of 19 labels; "regions" is ours, by value;
        "palette" is ours, by colour (the palette's entries 12 to 18 are background).
    size
        (height, width) of the photograph that the map belongs to, or None to keep the map's own.

    Returns
    -------
    NDArray
        (H, W) uint8, values 0 to 11 (`Region`), resized to `size` by nearest neighbour.

    Raises
    ------
    ImageError
        If the file is missing, damaged or not a picture.
    LabelMapError
        If the picture cannot be a label map, does not fit `order`, or has another aspect ratio
        than `size`.
    """
    picture = open_picture(path)
    labels, coloured = _labels(path, picture)
    if size is not None:
        _require_aspect(path, labels.shape, size)
    if order == "palette" and not coloured:
        raise LabelMapError(
            f"“{path}” is not in the palette's colours; name another order than “palette”."
        )
    if order == "auto":
        order = _detected(labels, coloured=coloured)
    return _resized(_converted(path, labels, order), size)


def write_label_map(path: Path | str, label_map: NDArray[np.uint8]) -> None:
    """Write a label map as an 8-bit indexed PNG in the palette's colours, whole or not at all.

    Parameters
    ----------
    path
        Ends in .png.
    label_map
        (H, W) uint8, values 0 to 11.

    Raises
    ------
    OutputError
        If `path` does not end in .png or cannot be written to.
    ValueError
        If `label_map` is not such an array.
    """
    path = Path(path)
    if label_map.dtype != np.uint8 or label_map.ndim != 2 or label_map.max() >= REGION_COUNT:
        raise ValueError("a label map is (H, W) uint8 with values 0 to 11")
    if path.suffix.lower() != ".png":
        raise OutputError(f"“{path.name}” does not end in .png, which label maps are saved as.")
    write_whole(path, region_png(label_map))


def region_png(label_map: NDArray[np.uint8]) -> bytes:
    """Return an indexed PNG of an (H, W) label map: values 0 to 11, in the palette's colours."""
    picture = Image.fromarray(np.ascontiguousarray(label_map))
    # A palette of 256 entries: with fewer Pillow packs two pixels in a byte.
    picture.putpalette(PALETTE.tobytes().ljust(3 * 256, b"\0"))
    return _png(picture)


def celebamask_png(label_map: NDArray[np.uint8]) -> bytes:
    """Return a grey PNG of CelebAMask-HQ's labels, 0 to 18.

    Of a region with two labels (left and right eye, upper and lower lip) it has the lower one:
    a map of 12 regions does not tell which side a pixel is on.
    """
    return _png(Image.fromarray(_TO_CELEBAMASK[label_map]))


def coloured_png(label_map: NDArray[np.uint8]) -> bytes:
    """Return an RGB PNG in the palette's colours."""
    return _png(Image.fromarray(PALETTE[label_map]))


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def _labels(path: Path | str, picture: Image.Image) -> tuple[NDArray[np.uint8], bool]:
    """Return a picture's labels, 0 to 18, and whether they were coloured in the palette."""
    if picture.mode in SIXTEEN_BIT or picture.mode == "F":
        raise LabelMapError(
            f"“{path}” has more than 8 bits a pixel; save the label map as an 8-bit PNG."
        )
    colours = _over_black(picture)
    values = np.ascontiguousarray(colours[..., 0])
    grey = bool((colours == values[..., None]).all())
    if grey and not (picture.mode == "P" and values.max() >= CELEBAMASK_COUNT):
        return _checked_labels(path, values), False
    indices, foreign = _palette_indices(colours)
    if not foreign.size:
        return _checked_labels(path, indices), True
    if picture.mode == "P":
        return _checked_labels(path, np.array(picture)), False
    _require_few(path, len(np.unique(_packed(colours))), "colours")
    colour = tuple(int(foreign.min()).to_bytes(3, "big"))
    raise LabelMapError(
        f"“{path}” has the colour {colour}, which is none of the palette's;"
        " `e4s-studio regions` shows them."
    )


def _over_black(picture: Image.Image) -> NDArray[np.uint8]:
    """Return (H, W, 3) RGB; transparent pixels are background, which is black."""
    if picture.mode == "P" or not picture.has_transparency_data:
        return np.array(picture.convert("RGB"))
    black = Image.new("RGBA", picture.size, "black")
    return np.array(Image.alpha_composite(black, picture.convert("RGBA")).convert("RGB"))


def _packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return each RGB colour as one number."""
    return colours.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)


def _palette_indices(colours: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return each pixel's index in the palette, and the packed colours that are not in it."""
    palette = _packed(_COLOURS)
    by_colour = np.argsort(palette)
    pixels = _packed(colours)
    places = np.searchsorted(palette, pixels, sorter=by_colour).clip(max=len(palette) - 1)
    indices: NDArray[np.uint8] = by_colour[places].astype(np.uint8)
    return indices, pixels[palette[indices] != pixels]


def _checked_labels(path: Path | str, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    distinct = np.unique(labels)
    if len(distinct) == 1:
        raise LabelMapError(
            f"“{path}” has one colour only, so it marks no region of a face; {_GIVE_ANOTHER}."
        )
    _require_few(path, len(distinct), "labels")
    if distinct[-1] >= CELEBAMASK_COUNT:
        raise LabelMapError(
            f"“{path}” has the value {distinct[-1]}, but labels go from 0 to"
            f" {CELEBAMASK_COUNT - 1}; save it with its labels as pixel values or in the palette."
        )
    return labels


def _require_few(path: Path | str, count: int, things: str) -> None:
    if count > CELEBAMASK_COUNT:
        raise LabelMapError(
            f"“{path}” has {count} {things}, and a label map {CELEBAMASK_COUNT} at most; it looks"
            " like a photograph, or a map saved as JPEG or with soft edges."
        )


def _require_aspect(path: Path | str, shape: tuple[int, ...], size: tuple[int, int]) -> None:
    ratio = (shape[1] * size[0]) / (shape[0] * size[1])
    if max(ratio, 1 / ratio) > 1 + _ASPECT_TOLERANCE:
        raise LabelMapError(
            f"“{path}” is {shape[1]} × {shape[0]}, but its photograph is {size[1]} × {size[0]}:"
            " the map of another picture, or a crop; make one of the same shape."
        )


def _detected(labels: NDArray[np.uint8], *, coloured: bool) -> LabelOrder:
    ours: LabelOrder = "palette" if coloured else "regions"
    orders: list[LabelOrder] = [ours, "celebamask", "bisenet"]
    fitting = {order: _TABLES[order] for order in orders if labels.max() < len(_TABLES[order])}
    return _likeliest_order(labels, fitting)


def _converted(path: Path | str, labels: NDArray[np.uint8], order: LabelOrder) -> NDArray[np.uint8]:
    table = _TABLES[order]
    if labels.max() >= len(table):
        raise LabelMapError(
            f"“{path}” has the label {labels.max()}, but the order “{order}” ends at"
            f" {len(table) - 1}; name “celebamask” or “bisenet”."
        )
    label_map = table[labels]
    if not label_map.any():
        raise LabelMapError(
            f"“{path}” marks no region of a face, only background; {_GIVE_ANOTHER}."
        )
    return label_map


def _resized(label_map: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    if size is None or label_map.shape == size:
        return label_map
    height, width = size
    picture = Image.fromarray(label_map).resize((width, height), Image.Resampling.NEAREST)
    return np.array(picture)


def _likeliest_order(
    labels: NDArray[np.uint8], orders: Mapping[LabelOrder, NDArray[np.uint8]]
) -> LabelOrder:
    """Return the order for which most of the statements about faces hold; the first of equals.

    Long hair, a profile or a missing region breaks one statement or two, and a wrong order
    many: it takes the hair for the neck, or the nose for the eyes.

    Parameters
    ----------
    labels
        (H, W) uint8, as found in a picture.
    orders
        For each order's name the (n,) region of each label.
    """
    rows = _rows(labels)
    scores = {name: _plausibility(rows, table) for name, table in orders.items()}
    return max(scores, key=lambda name: scores[name])


def _rows(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (256, H): the number of pixels of each label in each row."""
    height = labels.shape[0]
    places = labels.astype(np.int64) * height + np.arange(height)[:, None]
    return np.bincount(places.ravel(), minlength=256 * height).reshape(256, height)


def _plausibility(rows: NDArray[np.int64], table: NDArray[np.uint8]) -> int:
    per_region = np.zeros((REGION_COUNT, rows.shape[1]), dtype=np.int64)
    np.add.at(per_region, table, rows[: len(table)])
    area = per_region.sum(axis=1)
    mean_row = per_region @ np.arange(rows.shape[1]) / np.maximum(area, 1)
    score = 0
    for upper, lower in _ABOVE:
        if area[upper] and area[lower]:
            score += 1 if mean_row[upper] < mean_row[lower] else -1
    for part in _SMALLER_THAN_SKIN:
        if area[part]:
            score += 1 if area[part] < area[Region.SKIN] else -1
    return score
