"""Perceptual losses with pretrained networks: LPIPS, identity, parsing (2211.14068, section 4.1).

Their weights were trained by others on others' data, and the program does not include them: each
loss is used when the user provides its files.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e4s_studio.train.plan import LossWeights

_ALEXNET_TAPS: Final = (1, 4, 7, 9, 11)
"""The activations that LPIPS compares."""
_LPIPS_SCALES: Final = 3
# LPIPS' normalisation of pictures in [−1, 1], RGB.
_LPIPS_SHIFT: Final = (-0.030, -0.088, -0.188)
_LPIPS_SCALE: Final = (0.458, 0.448, 0.450)

_IDENTITY_TAPS: Final = (2, 6, 20, 23)
"""Units of IR-SE50 whose outputs are compared, in addition to its embedding."""
_IDENTITY_SIZE: Final = 256
_IDENTITY_CROP: Final = (slice(35, 223), slice(32, 220))
"""Rows and columns of the face at `_IDENTITY_SIZE`."""
_IDENTITY_INPUT: Final = 112

_PARSER_INPUT: Final = 512
# ImageNet's statistics of pictures in [0, 1], RGB.
_IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
_IMAGENET_DEVIATION: Final = (0.229, 0.224, 0.225)


class _LPIPS(nn.Module):
    """Learned perceptual distance (AlexNet, v0.1), summed over three sizes of the pictures.

    Parameters
    ----------
    features
        AlexNet's convolutional part.
    lines
        (C,) of each tap: the weight of each channel's squared difference.
    """

    def __init__(self, features: nn.Sequential, lines: list[Tensor]) -> None:
        super().__init__()
        # No tap needs the last pooling, for which small pictures are too small.
        self.features = features[: _ALEXNET_TAPS[-1] + 1]
        self.lines = nn.ParameterList(lines)
        self.register_buffer("shift", torch.tensor(_LPIPS_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_LPIPS_SCALE).view(1, 3, 1, 1))

    def forward(self, drawn: Tensor, truth: Tensor) -> Tensor:
        """Return the mean distance of (B, 3, S, S) pictures in [−1, 1]."""
        total = drawn.new_zeros(())
        for level in range(_LPIPS_SCALES):
            total = total + self._distance(
                *(F.adaptive_avg_pool2d(x, x.shape[-1] >> level) for x in (drawn, truth))
            )
        return total

    def _distance(self, drawn: Tensor, truth: Tensor) -> Tensor:
        both = zip(self._taps(drawn), self._taps(truth), strict=True)
        parts = [
            ((a - b).square() * line.view(1, -1, 1, 1)).sum(1).mean()
            for (a, b), line in zip(both, self.lines, strict=True)
        ]
        return torch.stack(parts).sum()

    def _taps(self, picture: Tensor) -> list[Tensor]:
        x = (picture - self.get_buffer("shift")) / self.get_buffer("scale")
        taps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in _ALEXNET_TAPS:
                taps.append(F.normalize(x, dim=1, eps=1e-10))
        return taps


class _FeatureDistance(nn.Module):
    """Distance of a network's features at several depths, each 1 − cosine.

    Subclasses define `_depths`, the features of (B, 3, S, S) pictures in [−1, 1].
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, drawn: Tensor, truth: Tensor) -> Tensor:
        """Return the sum over depths of the mean distance of (B, 3, S, S) pictures in [−1, 1]."""
        parts = [
            (1 - F.cosine_similarity(a.flatten(1), b.flatten(1))).mean()
            for a, b in zip(self._depths(drawn), self._depths(truth), strict=True)
        ]
        return torch.stack(parts).sum()

    def _depths(self, picture: Tensor) -> list[Tensor]:
        raise NotImplementedError


class _Identity(_FeatureDistance):
    """Identity loss at five depths of ArcFace's IR-SE50."""

    def _depths(self, picture: Tensor) -> list[Tensor]:
        face = F.adaptive_avg_pool2d(picture, _IDENTITY_SIZE)[:, :, *_IDENTITY_CROP]
        network: Any = self.network
        x = network.input_layer(F.adaptive_avg_pool2d(face, _IDENTITY_INPUT))
        depths = []
        for index, unit in enumerate(network.body):
            x = unit(x)
            if index in _IDENTITY_TAPS:
                depths.append(x)
        return [*depths, network.output_layer(x)]


class _Parsing(_FeatureDistance):
    """Parsing loss at three depths of facexlib's BiSeNet.

    The published training uses a small U-Net trained on CelebAMask-HQ instead.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self.register_buffer("mean", torch.tensor(_IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(_IMAGENET_DEVIATION).view(1, 3, 1, 1))

    def _depths(self, picture: Tensor) -> list[Tensor]:
        size = (_PARSER_INPUT, _PARSER_INPUT)
        x = F.interpolate(picture, size=size, mode="bilinear", align_corners=False)
        x = ((x + 1) / 2 - self.get_buffer("mean")) / self.get_buffer("deviation")
        network: Any = self.network
        return list(network.cp(x))


@dataclass(frozen=True)
class PerceptualLosses:
    """The available losses by the names of their weights, and a sentence on each missing one."""

    networks: dict[str, nn.Module]
    absent: tuple[str, ...]


def find_perceptual_losses(folder: Path | None, weights: LossWeights) -> PerceptualLosses:
    """Load every loss that has a weight and whose files are in a folder.

    Parameters
    ----------
    folder
        The folder with the files under their published names, or None.
    weights
        The loss weights.

    Raises
    ------
    CheckpointError
        If a file does not hold the weights of the network.
    """
    networks: dict[str, nn.Module] = {}
    absent = []
    for name, (files, load) in _LOSSES.items():
        if getattr(weights, name) == 0:
            continue
        paths = [folder / file for file in files] if folder is not None else []
        if paths and all(path.is_file() for path in paths):
            networks[name] = load(*paths).eval().requires_grad_(requires_grad=False)
        else:
            absent.append(f"Without the {name} loss: no {' and '.join(files)} was given.")
    return PerceptualLosses(networks, tuple(absent))


def _load_lpips(alexnet: Path, lines: Path) -> _LPIPS:
    """Load LPIPS from torchvision's AlexNet and LPIPS' own v0.1 file."""
    from torchvision.models import alexnet as build  # noqa: PLC0415 - slow to import

    with torch.device("meta"):
        features = build().features
    state = _state(alexnet)
    own = {key.removeprefix("features."): v for key, v in state.items() if "features." in key}
    _fill(features, own, alexnet)
    for layer in features:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    weights = _state(lines)
    try:
        return _LPIPS(features, [weights[f"lin{i}.model.1.weight"].flatten() for i in range(5)])
    except KeyError as missing:
        raise CheckpointError(f"“{lines}” is not LPIPS' alex.pth: {missing} is missing.") from None


def _load_identity(path: Path) -> _Identity:
    """Load ArcFace's IR-SE50."""
    from facexlib.recognition.arcface_arch import Backbone  # noqa: PLC0415 - slow to import

    return _Identity(_built(partial(Backbone, num_layers=50, drop_ratio=0.6, mode="ir_se"), path))


def _load_parsing(path: Path) -> _Parsing:
    """Load facexlib's BiSeNet."""
    from facexlib.parsing.bisenet import BiSeNet  # noqa: PLC0415 - slow to import

    return _Parsing(_built(partial(BiSeNet, num_class=19), path))


_LOSSES: Final[dict[str, tuple[tuple[str, ...], Callable[..., nn.Module]]]] = {
    "lpips": (("alexnet-owt-7be5be79.pth", "alex.pth"), _load_lpips),
    "identity": (("recognition_arcface_ir_se50.pth",), _load_identity),
    "parsing": (("parsing_bisenet.pth",), _load_parsing),
}


def _built(build: Callable[[], nn.Module], path: Path) -> nn.Module:
    # Parameters without memory, replaced by the tensors of the file.
    with torch.device("meta"):
        network = build()
    _fill(network, _state(path), path)
    return network


def _state(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        raise CheckpointError(f"“{path}” cannot be read as weights; get it again.") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"“{path}” holds no weights; get it again.")
    return state


def _fill(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        raise CheckpointError(f"“{path}” holds the weights of another network.") from error
