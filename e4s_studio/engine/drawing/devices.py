"""Choosing the device that computes."""

from __future__ import annotations

from typing import Final

import torch

from e4s_studio.core.errors import DeviceError

AUTO: Final = "auto"


def device_named(name: str = AUTO) -> torch.device:
    """Return a device that is there: the one named, or for "auto" the best.

    Raises
    ------
    DeviceError
        If the name is no device's, or this machine has no such device.
    """
    there = available_devices()
    if name == AUTO:
        return torch.device(there[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in there or not _has_index(device):
        raise DeviceError(
            f"There is no device “{name}” on this machine; choose {' or '.join(there)}, or auto."
        )
    return device


def available_devices() -> list[str]:
    """List the kinds of devices of this machine, the fastest first."""
    kinds = []
    if torch.cuda.is_available():
        kinds.append("cuda")
    if torch.backends.mps.is_available():
        kinds.append("mps")
    return [*kinds, "cpu"]


def _has_index(device: torch.device) -> bool:
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    return device.index is None or device.index < count
