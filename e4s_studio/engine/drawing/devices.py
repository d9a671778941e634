"""Choosing the device that computes, and the number format that it computes in."""

from __future__ import annotations

from typing import Final

import torch

from e4s_studio.core.errors import DeviceError
from e4s_studio.core.settings import Precision

AUTO: Final = "auto"
DTYPES: Final = {
    Precision.FLOAT32: torch.float32,
    Precision.BFLOAT16: torch.bfloat16,
    Precision.FLOAT16: torch.float16,
}


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


def chosen(precision: Precision, device: torch.device) -> Precision:
    """Return the format that is computed in; AUTO becomes the one that measured best.

    On a CPU with bfloat16 arithmetic that is bfloat16; a CPU without it emulates the format at
    several times the cost, so there it is float32. On a GPU float32 stays the choice of AUTO
    until the others are measured there.

    Raises
    ------
    DeviceError
        If the artist asks for float16 on a CPU, which has no arithmetic for it.
    """
    if precision is Precision.FLOAT16 and device.type == "cpu":
        raise DeviceError("A CPU does not compute in float16; choose float32 or bfloat16.")
    if precision is not Precision.AUTO:
        return precision
    if device.type == "cpu" and cpu_has_bfloat16():
        return Precision.BFLOAT16
    return Precision.FLOAT32


def cpu_has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
