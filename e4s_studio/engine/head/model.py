"""The head model: what heads look like, as a mean shape with linear changes.

Head coordinates are in millimetres: x to the viewer's right, y down, z away from the camera, so
that the nose has a negative z. The origin lies between the eyes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors import SafetensorError, safe_open

from e4s_studio.core.errors import CheckpointError
from e4s_studio.files.resources import HEAD, network_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT: Final = "e4s-head"
VERSION: Final = "1"


class HeadRegion(IntEnum):
    """What a triangle of the head belongs to."""

    SKIN = 0
    LIPS = 1
    MOUTH = 2
    """The inside of the mouth, without teeth and tongue."""
    TEETH = 3
    TONGUE = 4
    LIDS = 5
    SOCKET = 6
    """The skin behind the lids, which the eyeball covers."""
    EYE = 7
    """The white of the eye."""
    IRIS = 8
    """The iris and the pupil."""
    BROWS = 9
    NOSE = 10
    EARS = 11
    SCALP = 12
    NECK = 13
    SHOULDERS = 14


@dataclass(frozen=True)
class HeadModel:
    """A head's shape is `mean + identity · a + expression · e`. All arrays are read-only.

    Parameters
    ----------
    mean
        (V, 3) float32 vertices in millimetres; exactly symmetric.
    identity
        (I, V, 3) float32: the change of one unit of each identity amount, within -1.2 to 1.2.
    expression
        (E, V, 3) float32: the change of one unit of each action, 0 to 1.
    triangles
        (T, 3) int32 vertices, counter-clockwise as seen from outside.
    uv
        (T, 3, 2) float32 places of the corners in a texture, 0 to 1, v upwards.
    region
        (T,) uint8 `HeadRegion`.
    point_triangle, point_weights
        (468,) int32 and (468, 3) float32: the triangle on which a point of the face mesh lies, and
        the weights of its corners, which sum to 1.
    mirror
        (V,) int32: the vertex at the mirrored place.
    point_mirror
        (468,) int32: the same for the points of the face mesh.
    identity_mirror, identity_sign
        (I,) int32 and float32: the mirrored head has amount `sign[i] · a[mirror[i]]`.
    identity_names, expression_names
        Names of the changes; the actions' are ARKit's, with the person's own left and right.
    """

    mean: NDArray[np.float32]
    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    triangles: NDArray[np.int32]
    uv: NDArray[np.float32]
    region: NDArray[np.uint8]
    point_triangle: NDArray[np.int32]
    point_weights: NDArray[np.float32]
    mirror: NDArray[np.int32]
    point_mirror: NDArray[np.int32]
    identity_mirror: NDArray[np.int32]
    identity_sign: NDArray[np.float32]
    identity_names: tuple[str, ...]
    expression_names: tuple[str, ...]

    def shape(
        self, identity: NDArray[np.floating], expression: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return the vertices, (V, 3) float64 in millimetres, for amounts (I,) and (E,)."""
        changed: NDArray[np.float64] = self.mean.astype(np.float64)
        changed += np.tensordot(identity, self.identity, 1)
        changed += np.tensordot(expression, self.expression, 1)
        return changed

    def at_points(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return values of the vertices, (..., V, C), at the mesh points: (..., 468, C)."""
        corners = values[..., self.triangles[self.point_triangle], :]
        weights = self.point_weights.astype(np.float64)
        placed: NDArray[np.float64] = np.einsum("pk,...pkc->...pc", weights, corners)
        return placed

    @property
    def expression_mirror(self) -> NDArray[np.int32]:
        """(E,) int32: the action of the other side, the same one where there is none."""
        swapped = [_other_side(name) for name in self.expression_names]
        return np.array([self.expression_names.index(name) for name in swapped], np.int32)


def _other_side(action: str) -> str:
    if action.endswith("Left"):
        return action.removesuffix("Left") + "Right"
    return action.removesuffix("Right") + "Left" if action.endswith("Right") else action


@cache
def head_model() -> HeadModel:
    """Return the head model that ships.

    Raises
    ------
    CheckpointError
        If its file is missing, damaged or of another version.
    """
    return read_head(network_file(HEAD))


def read_head(file: Path) -> HeadModel:
    """Read a head model.

    Raises
    ------
    CheckpointError
        If the file is not a head model of this version.
    """
    try:
        with safe_open(file, "numpy") as opened:
            about = opened.metadata() or {}
            if (about.get("format"), about.get("version")) != (FORMAT, VERSION):
                raise CheckpointError(
                    f"“{file}” is not a head model of version {VERSION}; install E4S Studio again."
                )
            content: dict[str, Any] = {
                name: _read_only(opened.get_tensor(name))
                for name in opened.keys()  # noqa: SIM118
            }
        for names in ("identity_names", "expression_names"):
            content[names] = tuple(json.loads(about[names]))
        return HeadModel(**content)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"“{file}” cannot be read; install E4S Studio again.") from error


def _read_only(values: NDArray[np.generic]) -> NDArray[np.generic]:
    # Changes are stored in half precision, and computed with in single precision.
    wide = values.astype(np.float32) if values.dtype == np.float16 else values
    wide.flags.writeable = False
    return wide
