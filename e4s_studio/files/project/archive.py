"""The entries of a file that is not trusted: a zip, pictures and blocks, read within limits.

Nothing is unpacked to the disk.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image

from e4s_studio.core.errors import ProjectError
from e4s_studio.files.images import DAMAGE
from e4s_studio.files.output import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

LIMIT: Final = 512 << 20
"""Largest entry, in unpacked bytes."""
_TOTAL_LIMIT: Final = 3 << 30
"""Largest sum of all entries, in unpacked bytes."""
_MAX_ENTRIES: Final = 200
_MAX_RATIO: Final = 20
"""An entry above `_SMALL` bytes that is compressed more than this is a zip bomb."""
_SMALL: Final = 64 << 20

_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_SIGNATURE: Final = b"PK\x03\x04"
# What is painted packs well at once, and photographs hardly better with more time.
_PNG_OPTIONS: Final = (cv2.IMWRITE_PNG_COMPRESSION, 1)


class DamagedEntryError(Exception):
    """An entry that is missing, damaged or too large."""


def file_bytes(path: Path, what: str, limit: int = LIMIT) -> bytes:
    """Return the bytes of a file that should be a project or the like.

    Raises
    ------
    ProjectError
        If it cannot be read, or has more than `limit` bytes. The message calls it `what`.
    """
    try:
        if path.stat().st_size > limit:
            raise ProjectError(f"“{path}” is too large to be a {what}.")
        return path.read_bytes()
    except OSError as error:
        raise ProjectError(f"“{path}” cannot be opened: {reason_of(error)}.") from error


class Archive:
    """The entries of a zip file.

    A zip that was cut off has lost the directory at its end: it is read from its beginning, entry
    by entry.

    Parameters
    ----------
    data
        The whole file.

    Attributes
    ----------
    is_whole
        Whether the zip's directory is there.
    """

    def __init__(self, data: bytes) -> None:
        self._left = _TOTAL_LIMIT
        self._salvaged: dict[str, bytes] = {}
        self._zip: zipfile.ZipFile | None = None
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
            self._salvaged = dict(_salvaged(data))
        self.is_whole = self._zip is not None and len(self._zip.infolist()) <= _MAX_ENTRIES

    def read(self, name: str, limit: int = LIMIT) -> bytes:
        """Return an entry's bytes.

        Raises
        ------
        DamagedEntryError
            If it is missing, damaged, or larger than `limit` or than what is left of the total.
        """
        if self._zip is None:
            data = self._salvaged.get(name)
        else:
            data = self._unpacked(self._zip, name, min(limit, self._left))
        if data is None or len(data) > limit:
            raise DamagedEntryError(name)
        self._left -= len(data)
        return data

    def _unpacked(self, archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
        try:
            # A zip's reader never gives more than the size that its directory names.
            info = archive.getinfo(name)
            if info.file_size > min(limit, max(_SMALL, _MAX_RATIO * info.compress_size)):
                raise DamagedEntryError(name)
            with archive.open(info) as stream:
                return stream.read()
        except (*DAMAGE, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise DamagedEntryError(name) from error


class Blocks:
    """Bytes that are read one block after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes; raises DamagedEntryError if fewer are left."""
        block = self._data[self._place : self._place + length]
        if len(block) != length:
            raise DamagedEntryError("blocks")
        self._place += length
        return block

    def require_end(self) -> None:
        """Raise DamagedEntryError unless everything was read."""
        if self._place != len(self._data):
            raise DamagedEntryError("blocks")


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Return an (H, W) or (H, W, 3) RGB uint8 picture as PNG."""
    bgr = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    _, data = cv2.imencode(".png", np.ascontiguousarray(bgr), _PNG_OPTIONS)
    return data.tobytes()


def pixels_of(data: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the pixels of a PNG that has exactly this shape, (H, W) or (H, W, 3).

    Raises
    ------
    DamagedEntryError
        If it is no PNG, damaged, or of another shape.
    """
    mode = "L" if len(shape) == 2 else "RGB"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
                # Nothing but the header is read so far.
                if picture.mode != mode or picture.size != (shape[1], shape[0]):
                    raise DamagedEntryError(f"{picture.mode} of {picture.size}")
                return np.array(picture)
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise DamagedEntryError(str(error)) from error


def _salvaged(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each whole entry, from the zip's beginning to the first damage.

    Only what this program writes is read: sizes in the local header, stored or deflated.
    """
    place = 0
    for _ in range(_MAX_ENTRIES):
        if data[place : place + 4] != _SIGNATURE or len(data) < place + _LOCAL_HEADER.size:
            return
        _, _, _, method, _, _, crc, packed_size, size, name_size, extra_size = (
            _LOCAL_HEADER.unpack_from(data, place)
        )
        start = place + _LOCAL_HEADER.size + name_size + extra_size
        place = start + packed_size
        unpacked = _inflated(data[start:place], method, size)
        if unpacked is not None and len(unpacked) == size and zlib.crc32(unpacked) == crc:
            name = data[start - extra_size - name_size : start - extra_size]
            yield name.decode("ascii", "replace"), unpacked


def _inflated(packed: bytes, method: int, size: int) -> bytes | None:
    if method == zipfile.ZIP_STORED:
        return packed
    if method != zipfile.ZIP_DEFLATED or size > _SMALL:
        return None
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    except zlib.error:
        return None
