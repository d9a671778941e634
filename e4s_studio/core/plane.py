"""Copy-on-write planes of pixels, and reversible patches between them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.geometry import EMPTY_BOX, Box

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_only(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return a contiguous, read-only array of the same pixels, copied if necessary."""
    if pixels.flags.writeable or not pixels.flags.c_contiguous:
        pixels = np.array(pixels, order="C")
        pixels.setflags(write=False)
    return pixels


@dataclass(frozen=True)
class Patch:
    """The change of a uint8 plane inside a box, as before XOR after.

    Applying it twice restores the plane.

    Attributes
    ----------
    box
        The smallest box that holds every changed pixel.
    packed
        The (height, width) uint8 differences, row by row, compressed with zlib.
    """

    box: Box
    packed: bytes

    @classmethod
    def between(
        cls, before: NDArray[np.uint8], after: NDArray[np.uint8], within: Box | None = None
    ) -> Patch:
        """Return the patch from `before` to `after`, two (H, W) arrays.

        `within` limits the search to a box.
        """
        searched = Box.of(before) if within is None else within.intersection(Box.of(before))
        difference = before[searched.slices] ^ after[searched.slices]
        changed = Box.of_true(difference != 0)
        packed = zlib.compress(difference[changed.slices].tobytes(), 1)
        return cls(changed.shifted(searched.left, searched.top), packed)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return self.box.is_empty

    @property
    def nbytes(self) -> int:
        """Size of the packed differences in bytes."""
        return len(self.packed)

    def difference(self) -> NDArray[np.uint8]:
        """Return before XOR after inside the box, (height, width) uint8.

        Raises
        ------
        LabelMapError
            If the packed bytes are damaged.
        """
        size = self.box.width * self.box.height
        unpacker = zlib.decompressobj()
        try:
            # One byte more reveals a damaged patch without unpacking a zip bomb.
            raw = unpacker.decompress(self.packed, size + 1)
        except zlib.error as error:
            raise LabelMapError("This edit is damaged and cannot be replayed.") from error
        if len(raw) != size:
            raise LabelMapError("This edit is damaged and cannot be replayed.")
        return np.frombuffer(raw, dtype=np.uint8).reshape(self.box.shape)


class Plane:
    """A uint8 (H, W) plane that is copied on the first write after a freeze.

    Parameters
    ----------
    pixels
        (H, W) uint8: the initial pixels; the array itself is never changed.

    Raises
    ------
    LabelMapError
        If the array has another dtype or number of axes, or no pixels.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        if pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.size == 0:
            raise LabelMapError(
                f"A map must be a non-empty uint8 picture with one channel, "
                f"not {pixels.dtype} of shape {pixels.shape}."
            )
        self._pixels: NDArray[np.uint8] = read_only(pixels)  # type: ignore[assignment]

    @property
    def box(self) -> Box:
        """The box of all pixels."""
        return Box.of(self._pixels)

    def view(self) -> NDArray[np.uint8]:
        """Return a read-only (H, W) view; later writes show in it until the next freeze."""
        view = self._pixels.view()
        view.setflags(write=False)
        return view

    def freeze(self) -> NDArray[np.uint8]:
        """Return the (H, W) pixels as an immutable array, without copying."""
        self._pixels.setflags(write=False)
        return self._pixels

    def is_still(self, frozen: NDArray[np.uint8]) -> bool:
        """Return whether nothing was written since `freeze` returned this array."""
        return self._pixels is frozen

    def replace(self, pixels: NDArray[np.uint8]) -> None:
        """Replace all pixels.

        Raises
        ------
        LabelMapError
            If shape or dtype differ.
        """
        if pixels.shape != self._pixels.shape or pixels.dtype != np.uint8:
            raise LabelMapError(
                f"A map of {pixels.shape[1]} x {pixels.shape[0]} pixels does not fit one of "
                f"{self.box.width} x {self.box.height}."
            )
        self._pixels = read_only(pixels)  # type: ignore[assignment]

    def apply(self, patch: Patch) -> None:
        """Apply a patch; applying it again reverts it.

        Raises
        ------
        LabelMapError
            If the patch exceeds the plane or is damaged; the plane is not changed.
        """
        if patch.is_empty:
            return
        if patch.box.intersection(self.box) != patch.box:
            raise LabelMapError("This edit was made on a larger map and cannot be replayed here.")
        difference = patch.difference()
        self._writable()[patch.box.slices] ^= difference

    def put(self, box: Box, mask: NDArray[np.bool_], value: int | NDArray[np.uint8]) -> Patch:
        """Set the pixels under a mask.

        Parameters
        ----------
        box
            The position of the mask, inside the plane.
        mask
            (box.height, box.width) bool: the pixels to set.
        value
            One value, or a (box.height, box.width) uint8 array of values.
        """
        if box.is_empty or not mask.any():
            return Patch(EMPTY_BOX, b"")
        before = self._pixels[box.slices].copy()
        after = np.where(mask, np.asarray(value, dtype=np.uint8), before)
        self._writable()[box.slices] = after
        patch = Patch.between(before, after)
        return Patch(patch.box.shifted(box.left, box.top), patch.packed)

    def _writable(self) -> NDArray[np.uint8]:
        if not self._pixels.flags.writeable:
            self._pixels = self._pixels.copy()
        return self._pixels
