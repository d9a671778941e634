"""Reading a zip from outside: by name, with limits, as far as it is whole. Nothing is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT: Final = 512 << 20
"""Most bytes that one entry may have, unpacked."""
TOTAL_LIMIT: Final = 3 << 30
"""Most bytes that all entries together may have, unpacked."""
MAX_ENTRIES: Final = 200
MAX_RATIO: Final = 20
"""Entries above `SMALL` bytes that are packed more tightly than this are bombs."""
SMALL: Final = 64 << 20

_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_SIGNATURE: Final = b"PK\x03\x04"


class DamagedEntryError(Exception):
    """An entry that is missing, damaged or too large."""


class Archive:
    """The entries of a zip file.

    A zip whose directory is gone, since its end is cut off, is read entry by entry from its
    beginning.

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
        self._left = TOTAL_LIMIT
        self._salvaged: dict[str, bytes] = {}
        self._zip: zipfile.ZipFile | None = None
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
            self._salvaged = dict(_salvaged(data))
        self.is_whole = self._zip is not None and len(self._zip.infolist()) <= MAX_ENTRIES

    def read(self, name: str, limit: int = LIMIT) -> bytes:
        """Return an entry's bytes.

        Raises
        ------
        DamagedEntryError
            If it is missing, damaged, or has more bytes than `limit` or than are left for all.
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
            if info.file_size > min(limit, max(SMALL, MAX_RATIO * info.compress_size)):
                raise DamagedEntryError(name)
            with archive.open(info) as stream:
                return stream.read()
        except (
            KeyError,
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            RuntimeError,
            ValueError,
            struct.error,
        ) as error:
            raise DamagedEntryError(name) from error


def _salvaged(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the whole entries that stand one after the other at the beginning of a zip.

    Only what this program writes is understood: sizes in the local header, stored or deflated.
    """
    place = 0
    for _ in range(MAX_ENTRIES):
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
    if method != zipfile.ZIP_DEFLATED or size > SMALL:
        return None
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    except zlib.error:
        return None
