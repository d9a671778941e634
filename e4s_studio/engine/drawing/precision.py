"""Which number format the generator computes in."""

from __future__ import annotations

from typing import Final

import torch

from e4s_studio.core.errors import DeviceError
from e4s_studio.core.settings import Precision

DTYPES: Final = {
    Precision.FLOAT32: torch.float32,
    Precision.BFLOAT16: torch.bfloat16,
    Precision.FLOAT16: torch.float16,
}


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
