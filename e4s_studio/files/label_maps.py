"""Label maps in and out: which picture holds which regions, and in whose order."""

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
)
from e4s_studio.files.images import SIXTEEN_BIT, open_picture
from e4s_studio.files.label_orders import likeliest_order
from e4s_studio.files.output import write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

LabelOrder = Literal["auto", "regions", "palette", "celebamask", "bisenet"]
"""What a picture's values mean: our 12 regions, those by colour, or one of the 19-label orders."""

ASPECT_TOLERANCE: Final = 0.02
"""How far a map's aspect ratio may be from its photograph's."""

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


def read_label_map(
    path: Path | str,
    *,
    order: LabelOrder = "auto",
    size: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """Read a picture as a label map of the 12 regions.

    Grey and indexed pictures hold labels; pictures whose every colour is in the published
    palette hold that colour's index. With ``order="auto"`` the order is the one in which the
    regions lie as in an upright face (`label_orders.likeliest_order`); where several fit
    equally well it is ours if no label exceeds 11 or the map is coloured, else CelebAMask-HQ's.

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
    picture = Image.fromarray(np.ascontiguousarray(label_map))
    # A palette of 256 entries: with fewer Pillow packs two pixels in a byte.
    picture.putpalette(PALETTE.tobytes().ljust(3 * 256, b"\0"))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    write_whole(path, stream.getvalue())


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
        return _require_labels(path, values), False
    indices = _palette_indices(colours)
    if indices is not None:
        return _require_labels(path, indices), True
    if picture.mode == "P":
        return _require_labels(path, np.array(picture)), False
    raise _foreign_colours(path, colours)


def _over_black(picture: Image.Image) -> NDArray[np.uint8]:
    """Return (H, W, 3) RGB; nothing painted is background, which is black."""
    if picture.mode == "P" or not picture.has_transparency_data:
        return np.array(picture.convert("RGB"))
    black = Image.new("RGBA", picture.size, "black")
    return np.array(Image.alpha_composite(black, picture.convert("RGBA")).convert("RGB"))


def _packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return each RGB colour as one number."""
    return colours.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)


def _palette_indices(colours: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return each pixel's index in the palette, or None if one has a colour outside it."""
    palette = _packed(_COLOURS)
    by_colour = np.argsort(palette)
    pixels = _packed(colours)
    places = np.searchsorted(palette, pixels, sorter=by_colour).clip(max=len(palette) - 1)
    indices: NDArray[np.uint8] = by_colour[places].astype(np.uint8)
    return indices if (palette[indices] == pixels).all() else None


def _require_labels(path: Path | str, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
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


def _foreign_colours(path: Path | str, colours: NDArray[np.uint8]) -> LabelMapError:
    distinct = np.unique(_packed(colours))
    try:
        _require_few(path, len(distinct), "colours")
    except LabelMapError as error:
        return error
    foreign = int(np.setdiff1d(distinct, _packed(_COLOURS))[0])
    rgb = tuple(foreign.to_bytes(3, "big"))
    return LabelMapError(
        f"“{path}” has the colour {rgb}, which is none of the palette's;"
        " `e4s-studio regions` shows them."
    )


def _require_aspect(path: Path | str, shape: tuple[int, ...], size: tuple[int, int]) -> None:
    ratio = (shape[1] * size[0]) / (shape[0] * size[1])
    if max(ratio, 1 / ratio) > 1 + ASPECT_TOLERANCE:
        raise LabelMapError(
            f"“{path}” is {shape[1]} × {shape[0]}, but its photograph is {size[1]} × {size[0]}:"
            " the map of another picture, or a crop; make one of the same shape."
        )


def _detected(labels: NDArray[np.uint8], *, coloured: bool) -> LabelOrder:
    ours: LabelOrder = "palette" if coloured else "regions"
    orders: list[LabelOrder] = [ours, "celebamask", "bisenet"]
    fitting = {order: _TABLES[order] for order in orders if labels.max() < len(_TABLES[order])}
    return likeliest_order(labels, fitting)


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
