"""The executor that draws and encodes without gradients, beside the modules.

It gives what the modules give, to float32 rounding, in less time and memory. Its face: the
condition under which it runs, one function for a resolution of the generator, one for the
encoder's features, and the cache that a network keeps for them.
"""

import torch
from torch import Tensor

from e4s_studio.networks.fast.cache import WeightCache
from e4s_studio.networks.fast.encoder import encode, lay_out
from e4s_studio.networks.fast.generator import Styled, draw

__all__ = ["Styled", "WeightCache", "can_run_fast", "draw", "encode", "lay_out"]


def can_run_fast(x: Tensor) -> bool:
    """Whether no gradients are recorded and x is float32 or bfloat16 on a CPU."""
    kind = x.device.type == "cpu" and x.dtype in (torch.float32, torch.bfloat16)
    return kind and not torch.is_grad_enabled()
