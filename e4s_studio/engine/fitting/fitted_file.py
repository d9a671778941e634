"""A fitted network as a project keeps it: what differs from the network that the fit began with."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

import safetensors.torch
import torch
from safetensors import SafetensorError

from e4s_studio.core.errors import CheckpointError
from e4s_studio.core.pair import Both
from e4s_studio.engine.drawing.fitted import Fitted
from e4s_studio.files.project import FittedWeights

if TYPE_CHECKING:
    from torch import Tensor

    from e4s_studio.networks.rgi import RGI

_VECTORS: Final = Both("pair.source", "pair.target")
_STEPS: Final = "pair.steps"


def pack_fitted(fitted: Fitted, base: RGI, model: str) -> FittedWeights:
    """Return a fit in the form that projects keep.

    Parameters
    ----------
    fitted
        The fit.
    base
        The network that it began with.
    model
        That network's name.
    """
    before = base.state_dict()
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in fitted.network.state_dict().items()
        if not torch.equal(tensor.cpu(), before[name].cpu())
    }
    for name, vectors in zip(_VECTORS, fitted.vectors, strict=True):
        tensors[name] = vectors.detach().cpu().contiguous()
    tensors[_STEPS] = torch.tensor(fitted.steps)
    return FittedWeights(model, safetensors.torch.save(tensors))


def unpack_fitted(weights: FittedWeights, base: RGI) -> Fitted:
    """Return the fit that `pack_fitted` packed.

    Parameters
    ----------
    weights
        What the project keeps.
    base
        The network that the fit began with; it stays as it is.

    Raises
    ------
    CheckpointError
        If the weights are those of another network, or damaged.
    """
    try:
        tensors = safetensors.torch.load(weights.safetensors)
    except SafetensorError as error:
        raise CheckpointError(_refusal(weights)) from error
    known = base.state_dict()
    shape = (1, len(base.MLPs), base.config.vector_dim)
    if _STEPS not in tensors or not all(_fits(tensors.get(name), shape) for name in _VECTORS):
        raise CheckpointError(_refusal(weights))
    vectors, steps = _VECTORS.map(tensors.pop), tensors.pop(_STEPS)
    if not all(name in known and _fits(one, known[name].shape) for name, one in tensors.items()):
        raise CheckpointError(_refusal(weights))
    network = copy.deepcopy(base)
    network.load_state_dict(tensors, strict=False)
    device = base.latent_avg.device
    return Fitted(network, vectors.map(lambda one: one.to(device)), int(steps))


def _fits(tensor: Tensor | None, shape: tuple[int, ...]) -> bool:
    return tensor is not None and tensor.shape == shape and bool(tensor.isfinite().all())


def _refusal(weights: FittedWeights) -> str:
    return (
        f"The fit that the project keeps is not one of this network (it was fitted with"
        f" “{weights.model}”); fit it again."
    )
