"""Where a training runs: one device, or those that PyTorch's launcher gives each process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from e4s_studio.core.errors import DeviceError
from e4s_studio.engine.drawing.devices import device_named

if TYPE_CHECKING:
    from collections.abc import Mapping

PRECISIONS: Final = ("auto", "32", "bf16")


def make_fabric(
    device: str = "auto", precision: str = "auto", environment: Mapping[str, str] = os.environ
) -> Fabric:
    """Return what puts networks, batches and gradients where they belong.

    Parameters
    ----------
    device
        auto, cpu, cuda or mps.
    precision
        "32", "bf16" for mixed precision, or "auto": mixed where a GPU has bfloat16.
    environment
        What `torchrun` set, if it started this process: WORLD_SIZE and LOCAL_WORLD_SIZE.

    Raises
    ------
    DeviceError
        If the device is not there, or there are fewer GPUs than processes.
    """
    kind = device_named(device).type
    world = int(environment.get("WORLD_SIZE", "1"))
    local = int(environment.get("LOCAL_WORLD_SIZE", "1"))
    if kind == "cuda" and torch.cuda.device_count() < local:
        raise DeviceError(
            f"There are {torch.cuda.device_count()} GPUs for {local} processes; start fewer of"
            " them, or choose --device cpu."
        )
    # Below full size the finest layers take no part, hence unused parameters.
    strategy: Any = DDPStrategy(find_unused_parameters=True) if world > 1 else "auto"
    fabric = Fabric(
        accelerator=kind,
        devices=local,
        num_nodes=world // local,
        strategy=strategy,
        precision=cast("Any", _precision(kind, precision)),
    )
    if world > 1:
        fabric.launch()
    return fabric


def _precision(kind: str, precision: str) -> str:
    if precision == "auto":
        mixed = kind == "cuda" and torch.cuda.is_bf16_supported()
    else:
        mixed = precision == "bf16"
    return "bf16-mixed" if mixed else "32-true"
