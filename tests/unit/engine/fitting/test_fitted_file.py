"""A project's fit draws as the fit did, and others are refused."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from documents import opened

from e4s_studio.core.errors import CheckpointError
from e4s_studio.core.pair import Both
from e4s_studio.engine.drawing.fitted import Fitted
from e4s_studio.engine.fitting.fitted_file import pack_fitted, unpack_fitted
from e4s_studio.engine.running.engine import Engine
from e4s_studio.files.project import FittedWeights
from e4s_studio.networks.config import STUDIO_256
from e4s_studio.networks.rgi import RGI

SMALL = replace(
    STUDIO_256, size=16, channels=(8, 8, 8), encoder_groups=((1, 4), (1, 4), (1, 8), (1, 8)), stem=4
)


def network(seed: int) -> RGI:
    torch.manual_seed(seed)
    return RGI(SMALL).eval().requires_grad_(requires_grad=False)


def fitted(base: RGI) -> Fitted:
    torch.manual_seed(9)
    tuned = copy.deepcopy(base)
    tuned.latent_avg.add_(1.0)
    shape = (1, 12, SMALL.vector_dim)
    return Fitted(tuned, Both(torch.randn(shape), torch.randn(shape)), 123)


def test_it_comes_back_and_the_base_stays():
    base = network(1)
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    fit = fitted(base)
    found = unpack_fitted(pack_fitted(fit, base, "studio-256"), base)
    for name, tensor in fit.network.state_dict().items():
        assert torch.equal(found.network.state_dict()[name], tensor)
    assert all(map(torch.equal, found.vectors, fit.vectors))
    assert found.steps == 123
    for name, tensor in base.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_only_what_was_fitted_is_kept():
    base = network(1)
    tensors = safetensors.torch.load(pack_fitted(fitted(base), base, "x").safetensors)
    assert set(tensors) == {"latent_avg", "pair.source", "pair.target", "pair.steps"}


def test_the_engine_goes_on_with_a_kept_fit():
    base = network(1)
    document = opened(32)
    snapshot = document.snapshot()
    engine = Engine(base, lambda _: None)
    kept = pack_fitted(fitted(base), base, "studio-256")
    before = engine.export_layers(snapshot)
    engine.take_fit(kept, snapshot)
    assert engine.packed_fit(snapshot).safetensors == kept.safetensors
    after = engine.export_layers(snapshot)
    engine.close()
    assert after.changed.any()
    assert (after.result != before.result).any()


def test_a_fit_is_packed_beside_a_drawing(monkeypatch):
    base = network(1)
    snapshot = opened(32).snapshot()
    engine = Engine(base, lambda _: None)
    kept = pack_fitted(fitted(base), base, "studio-256")
    engine.take_fit(kept, snapshot)
    draws, goes_on = threading.Event(), threading.Event()

    def draw(*_args):
        draws.set()
        goes_on.wait()

    monkeypatch.setattr("e4s_studio.engine.running.engine.finished_layers", draw)
    with ThreadPoolExecutor(2) as threads:
        try:
            threads.submit(engine.export_layers, snapshot)
            assert draws.wait(60)
            packed = threads.submit(engine.packed_fit, snapshot).result(60)
        finally:
            goes_on.set()
    engine.close()
    assert packed.safetensors == kept.safetensors


def test_other_weights_are_refused():
    base = network(1)
    whole = safetensors.torch.load(pack_fitted(fitted(base), base, "x").safetensors)
    for change in (
        {"pair.source": torch.zeros(1, 12, 3)},
        {"latent_avg": torch.zeros(2)},
        {"unknown": torch.zeros(2)},
        {"latent_avg": whole["latent_avg"] * float("nan")},
    ):
        packed = FittedWeights("other", safetensors.torch.save(whole | change))
        with pytest.raises(CheckpointError, match="fit it again"):
            unpack_fitted(packed, base)
    for data in (b"", b"junk", safetensors.torch.save({"a": torch.zeros(1)})):
        with pytest.raises(CheckpointError, match="other"):
            unpack_fitted(FittedWeights("other", data), base)
