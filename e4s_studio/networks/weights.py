"""Reading and writing checkpoints: published files and our own, never executing anything."""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from e4s_studio.networks.config import RGIConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT: Final = "e4s-studio-rgi"
SHOWN: Final = 3
"""How many differing keys a message names."""


class WeightsError(ValueError):
    """A file that is not a checkpoint of an RGI network."""


@dataclass(frozen=True)
class Weights:
    """The tensors of a checkpoint by their names in `RGI`, the latent average among them."""

    tensors: dict[str, Tensor]

    def assign_to(self, network: nn.Module, path: str | Path) -> None:
        """Make these tensors the network's own; every name and shape must agree.

        Raises
        ------
        WeightsError
            If a key is missing, unknown, or has another shape.
        """
        wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
        given = {key: tuple(value.shape) for key, value in self.tensors.items()}
        differences = (
            [f"{key} is missing" for key in wanted if key not in given]
            + [f"{key} is unknown" for key in given if key not in wanted]
            + [
                f"{key} is {given[key]}, not {shape}"
                for key, shape in wanted.items()
                if key in given and given[key] != shape
            ]
        )
        if differences:
            raise WeightsError(_not_rgi(path, differences))
        network.load_state_dict(self.tensors, strict=True, assign=True)


def read_weights(path: str | Path) -> Weights:
    """Read a published checkpoint (torch) or a safetensors file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    WeightsError
        If it is neither, if it holds code, or if its tensors are not a network's weights.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    tensors = _read_safetensors(path) if path.suffix == ".safetensors" else _read_published(path)
    for key, value in tensors.items():
        if not value.is_floating_point():
            raise WeightsError(f"{path} is not an RGI checkpoint: {key} is not floating point")
    return Weights({key: value.float() for key, value in tensors.items()})


def save_weights(network: nn.Module, path: str | Path) -> None:
    """Write a network's weights, the latent average among them, as safetensors."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    save_file(tensors, path, metadata={"format": FORMAT})


def config_of(weights: Weights, path: str | Path) -> RGIConfig:
    """Infer the configuration, size and K included, from the weights' names and shapes.

    Raises
    ------
    WeightsError
        If a weight that tells a size is missing or has an impossible shape.
    """
    tensors = weights.tensors
    try:
        n_latent, style_dim = tensors["latent_avg"].shape
        log_size = (n_latent + 2) // 2
        hidden = tensors["MLPs.0.mlp.0.weight"].shape[0]
        rows = tensors["MLPs.0.mlp.2.weight"].shape[0]
        widths = [tensors["G.input.input"].shape[1]]
        widths += [tensors[f"G.convs.{2 * j}.conv.weight"].shape[1] for j in range(log_size - 2)]
        return RGIConfig(
            size=2**log_size,
            code_layers=rows // style_dim,
            style_dim=style_dim,
            hidden=hidden,
            mapping_layers=_count(tensors, r"G\.style\.(\d+)\.weight"),
            channels=tuple(widths),
            stem=tensors["encoder.input_layer.0.weight"].shape[0],
            encoder_groups=_encoder_groups(tensors),
        )
    except KeyError as missing:
        raise WeightsError(_not_rgi(path, [f"{missing.args[0]} is missing"])) from None
    except (IndexError, ValueError, ZeroDivisionError) as error:
        raise WeightsError(_not_rgi(path, [f"its shapes fit no RGI network ({error})"])) from None


def _encoder_groups(tensors: dict[str, Tensor]) -> tuple[tuple[int, int], ...]:
    """Read the units' widths; a group starts where the width changes, and the last has none.

    The published encoder's last group keeps 512 channels, so nothing in the shapes shows where
    it starts: it is the last three units, as in every preset whose last two widths agree.
    """
    count = _count(tensors, r"encoder\.body\.(\d+)\.res_layer\.1\.weight")
    widths = [tensors[f"encoder.body.{n}.res_layer.1.weight"].shape[0] for n in range(count)]
    groups: list[tuple[int, int]] = []
    for width in widths:
        if groups and groups[-1][1] == width:
            groups[-1] = (groups[-1][0] + 1, width)
        else:
            groups.append((1, width))
    if len(groups) == 3:  # noqa: PLR2004 - the last of four groups kept its width
        units, width = groups.pop()
        last = LAST_GROUP_UNITS if units > LAST_GROUP_UNITS else 1
        groups += [(units - last, width), (last, width)]
    if len(groups) != 4:  # noqa: PLR2004 - the encoder's four halvings
        raise ValueError(f"an encoder with {len(groups)} groups")
    return tuple(groups)


LAST_GROUP_UNITS: Final = 3


def _count(tensors: dict[str, Tensor], pattern: str) -> int:
    numbers = {match[1] for key in tensors if (match := re.fullmatch(pattern, key))}
    return len(numbers)


def _not_rgi(path: str | Path, differences: list[str]) -> str:
    shown = "; ".join(differences[:SHOWN])
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return f"{path} is not an RGI checkpoint: {shown}{more}"


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a readable safetensors file ({error})") from error


def _read_published(path: Path) -> dict[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=None)
    except (pickle.UnpicklingError, RuntimeError, EOFError, BadZipFile, ValueError, KeyError) as e:
        reason = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
        raise WeightsError(f"{path} is not a checkpoint that can be loaded safely ({reason})") from e
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise WeightsError(f"{path} is not an RGI checkpoint: it has no state_dict")
    if not isinstance(content.get("latent_avg"), torch.Tensor):
        raise WeightsError(f"{path} is not an RGI checkpoint: it has no latent_avg")
    state = {str(key).removeprefix("module."): value for key, value in content["state_dict"].items()}
    state["latent_avg"] = content["latent_avg"]
    for key, value in state.items():
        if not isinstance(value, torch.Tensor):
            raise WeightsError(f"{path} is not an RGI checkpoint: {key} is not a tensor")
    return state
