"""Reading and writing checkpoints: published files and our own, never executing anything."""

from __future__ import annotations

import json
import pickle
import re
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from e4s_studio.networks.config import MOMENTS, PRESETS, RGIConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT: Final = "e4s-studio-rgi"
CONFIG_KEY: Final = "config"
LIGHT_KEY: Final = "encoder.light.mlp.2.weight"
SHOWN: Final = 3
"""How many differing keys a message names."""
LAST_GROUP_UNITS: Final = 3
"""Units of the published encoder's last group."""


class WeightsError(ValueError):
    """A file that is not a checkpoint of an RGI network. Its message is a sentence."""


@dataclass(frozen=True)
class Weights:
    """The tensors of a checkpoint by their names in `RGI`, the latent average among them.

    Attributes
    ----------
    path
        The file, for messages.
    tensors
        float32.
    config
        What the file says of its network, if it says anything.
    """

    path: Path
    tensors: dict[str, Tensor]
    config: RGIConfig | None = None

    def assign_to(self, network: nn.Module) -> None:
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
                f"{key} has the shape {_times(given[key])} instead of {_times(shape)}"
                for key, shape in wanted.items()
                if key in given and given[key] != shape
            ]
        )
        if differences:
            raise _other_network(self.path, differences)
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
    if path.stat().st_size == 0:
        raise WeightsError(f"{path} is empty: copy or download the checkpoint again.")
    if path.suffix == ".safetensors":
        tensors, config = _read_safetensors(path)
    else:
        tensors, config = _read_published(path), None
    for key, value in tensors.items():
        if not value.is_floating_point():
            raise _other_network(path, [f"{key} does not hold real numbers"])
        if not value.sum(dtype=torch.float32).isfinite():
            raise WeightsError(
                f"{path} is damaged ({key} holds infinite values): copy or download it again."
            )
    return Weights(path, {key: value.float() for key, value in tensors.items()}, config)


def save_weights(network: nn.Module, config: RGIConfig, path: str | Path) -> None:
    """Write a network's weights, the latent average among them, as safetensors."""
    tensors = {
        key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()
    }
    save_file(tensors, path, metadata={"format": FORMAT, CONFIG_KEY: json.dumps(asdict(config))})


def config_of(weights: Weights) -> RGIConfig:
    """Return the configuration, size and K included: the file's own, or inferred from shapes.

    Raises
    ------
    WeightsError
        If a weight that tells a size is missing or has an impossible shape.
    """
    if weights.config is not None:
        return weights.config
    try:
        return _inferred(weights.tensors)
    except KeyError as missing:
        raise _other_network(weights.path, [f"{missing.args[0]} is missing"]) from None
    except (IndexError, ValueError, ZeroDivisionError) as error:
        raise _other_network(weights.path, [f"its shapes fit none ({error})"]) from None


def _inferred(tensors: dict[str, Tensor]) -> RGIConfig:
    n_latent, style_dim = tensors["latent_avg"].shape
    log_size = (n_latent + 2) // 2
    widths = [tensors["G.input.input"].shape[1]]
    widths += [tensors[f"G.convs.{2 * j}.conv.weight"].shape[1] for j in range(log_size - 2)]
    groups = _encoder_groups(tensors)
    light = tensors[LIGHT_KEY].shape[0] if LIGHT_KEY in tensors else 0
    seen_dim = tensors["MLPs.0.mlp.0.weight"].shape[1] - 2 * light
    inferred = RGIConfig(
        size=2**log_size,
        code_layers=tensors["MLPs.0.mlp.2.weight"].shape[0] // style_dim,
        style_dim=style_dim,
        hidden=tensors["MLPs.0.mlp.0.weight"].shape[0],
        mapping_layers=_count(tensors, r"G\.style\.(\d+)\.weight"),
        channels=tuple(widths),
        stem=tensors["encoder.input_layer.0.weight"].shape[0],
        encoder_groups=groups,
        colour_moments=seen_dim == MOMENTS + sum(width for _, width in groups[-3:]),
        light=light,
    )
    # No shape tells how large the encoder's pictures are: it is a preset's, or the published size.
    for preset in PRESETS.values():
        if replace(inferred, encoder_input=preset.encoder_input) == preset:
            return preset
    return inferred


def _encoder_groups(tensors: dict[str, Tensor]) -> tuple[tuple[int, int], ...]:
    """Read the units' widths and group them.

    A group starts where the width changes, but the last one may keep its width, and then no
    shape shows where it starts: it is a preset's, or as long as the published one.
    """
    count = _count(tensors, r"encoder\.body\.(\d+)\.res_layer\.1\.weight")
    widths = [tensors[f"encoder.body.{n}.res_layer.1.weight"].shape[0] for n in range(count)]
    for preset in PRESETS.values():
        if widths == [width for units, width in preset.encoder_groups for _ in range(units)]:
            return preset.encoder_groups
    groups: list[tuple[int, int]] = []
    for width in widths:
        if groups and groups[-1][1] == width:
            groups[-1] = (groups[-1][0] + 1, width)
        else:
            groups.append((1, width))
    if len(groups) == 3:
        units, width = groups.pop()
        last = LAST_GROUP_UNITS if units > LAST_GROUP_UNITS else 1
        groups += [(units - last, width), (last, width)]
    if len(groups) != 4:
        raise ValueError(f"an encoder with {len(groups)} groups of units")
    return tuple(groups)


def _count(tensors: dict[str, Tensor], pattern: str) -> int:
    return sum(re.fullmatch(pattern, key) is not None for key in tensors)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"


def _other_network(path: Path, differences: list[str]) -> WeightsError:
    shown = "; ".join(differences[:SHOWN])
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return WeightsError(f"{path} is not a checkpoint of the E4S network: {shown}{more}.")


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], RGIConfig | None]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a readable safetensors file ({error}).") from error
    return tensors, _config_from(metadata, path) if CONFIG_KEY in metadata else None


def _config_from(metadata: dict[str, str], path: Path) -> RGIConfig:
    try:
        values = json.loads(metadata[CONFIG_KEY])
        values["channels"] = tuple(values["channels"])
        values["encoder_groups"] = tuple((n, width) for n, width in values["encoder_groups"])
        return RGIConfig(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise _other_network(path, [f"its description cannot be read ({error})"]) from error


def _read_published(path: Path) -> dict[str, Tensor]:
    content = _load(path)
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise _other_network(path, ["it has no state_dict"])
    if not isinstance(content.get("latent_avg"), torch.Tensor):
        raise _other_network(path, ["it has no latent_avg"])
    tensors = {str(key).removeprefix("module."): value for key, value in state.items()}
    tensors["latent_avg"] = content["latent_avg"]
    for key, value in tensors.items():
        if not isinstance(value, torch.Tensor):
            raise _other_network(path, [f"{key} is not a tensor"])
    return tensors


def _load(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # guesses of torch about files that are no checkpoint
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} was not opened: it is no PyTorch checkpoint, or it holds more than weights, "
            "such as code. Choose a file from a source that you trust."
        ) from error
    except Exception as error:
        raise WeightsError(
            f"{path} cannot be read as a PyTorch checkpoint; it may be damaged or cut short."
        ) from error
