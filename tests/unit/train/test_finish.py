"""The last phase of a training: the style codes of swaps."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from small import TINY
from torch.autograd.functional import jacobian

from e4s_studio.core.errors import CheckpointError
from e4s_studio.train import finish as finish_module
from e4s_studio.train.batches import Batch, Collate, PairSampler, batches
from e4s_studio.train.finish import AT_ONCE, PROBES, Finish, FinishPlan
from e4s_studio.train.pairs import PortraitPairs, Stream
from e4s_studio.train.plan import TrainingPlan
from e4s_studio.train.run import Data
from e4s_studio.train.trainer import initial_network

SHORT = FinishPlan(pairs=8, passes=60, batch=8, rate=2e-2, first=3)
FOUR_BATCHES = FinishPlan(pairs=4 * AT_ONCE, passes=1, batch=8)


pytestmark = pytest.mark.usefixtures("tiny_preset")


class KilledError(BaseException):
    """Not caught by anything, so that the files are as after a kill."""


@pytest.fixture
def network():
    return initial_network(TrainingPlan(preset="tiny")).eval()


def finish_of(network, folder, plan=SHORT, seed=0):
    pairs = PortraitPairs(TINY.size, seed, Stream.TRAINING, both_ways=True)
    training = TrainingPlan(preset="tiny", seed=seed)
    return Finish(network, Data(pairs, pairs), plan, training, folder)


def killed_at(finish, last):
    def on_step(step, _):
        if step == last:
            raise KilledError

    with pytest.raises(KilledError):
        finish(on_step)


def stopped_at(finish, last):
    steps = []
    assert finish(lambda step, _: steps.append(step), lambda: steps[-1] == last) is None
    return steps


def assert_same(one, other):
    first, second = one.state_dict(), other.state_dict()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def trained_pairs():
    pairs = PortraitPairs(TINY.size, 0, Stream.TRAINING, both_ways=True)
    shares = PairSampler(AT_ONCE, 1, 3, lambda _: TINY.size)
    for packed in batches(pairs, shares, Collate([]), 0):
        yield Batch(packed, torch.device("cpu"))


@torch.no_grad()
def error_of_swaps(network, teacher, weights):
    """Return the squared distance of the codes of swaps to those of their ground truths."""
    error = 0.0
    for batch in trained_pairs():
        own = network.encode_labels(batch.pictures, batch.labels)
        codes = network.style_codes(network.mix(own.roll(len(own) // 2, 0), own, batch.amounts))
        truth = teacher.encode_labels(batch.truths, batch.labels)
        there = (truth != 0).any(2)[..., None, None]
        error += float(((codes - teacher.style_codes(truth)).square() * weights * there).sum())
    return error


def test_the_codes_of_swaps_approach_those_of_their_ground_truths(network, tmp_path):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    finish = finish_of(network, tmp_path)
    seen = []
    finished = finish(lambda step, losses: seen.append((step, losses)))
    assert [step for step, _ in seen] == list(range(1, finish.steps + 1))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    weights = finish.weights()
    after = error_of_swaps(finished, network, weights)
    assert after < 0.5 * error_of_swaps(network, network, weights)
    changed = {n for n, value in finished.state_dict().items() if not torch.equal(value, before[n])}
    assert changed
    assert all(name.startswith(("MLPs.", "encoder.light.")) for name in changed)


def test_an_interrupted_phase_gives_the_same_weights(network, tmp_path, monkeypatch):
    monkeypatch.setattr(finish_module, "PROBES", 1)
    monkeypatch.setattr(finish_module, "KEPT_TOGETHER", 2)
    pieces, whole = tmp_path / "pieces", tmp_path / "whole"
    for folder in (pieces, whole):
        folder.mkdir()
    killed_at(finish_of(network, pieces, FOUR_BATCHES), 3)
    # Batches are saved in pairs, so the third of four is encoded twice; a stop saves all. The
    # optimisation starts again.
    for kept, last in ((2, 3), (3, 7)):
        finish = finish_of(network, pieces, FOUR_BATCHES)
        assert finish.steps_kept == kept
        assert stopped_at(finish, last) == list(range(kept + 1, last + 1))
    finish = finish_of(network, pieces, FOUR_BATCHES)
    assert finish.steps_kept == 4
    assert_same(finish(), finish_of(network, whole, FOUR_BATCHES)())


def other_weights(network):
    changed = copy.deepcopy(network)
    with torch.no_grad():
        next(changed.encoder.parameters()).mul_(1.5)
    return changed


@pytest.mark.parametrize(
    ("change", "plan", "seed"),
    [
        (other_weights, FOUR_BATCHES, 0),
        (copy.deepcopy, replace(FOUR_BATCHES, first=9), 0),
        (copy.deepcopy, replace(FOUR_BATCHES, pairs=AT_ONCE), 0),
        (copy.deepcopy, FOUR_BATCHES, 1),
    ],
)
def test_examples_of_another_network_or_plan_are_ignored(network, tmp_path, change, plan, seed):
    assert finish_of(network, tmp_path, FOUR_BATCHES)(should_stop=lambda: True) is None
    assert finish_of(copy.deepcopy(network), tmp_path, FOUR_BATCHES).steps_kept == 1
    assert finish_of(change(network), tmp_path, plan, seed).steps_kept == 0
    assert list(tmp_path.iterdir()) == []


def test_damaged_examples_are_refused(network, tmp_path):
    assert finish_of(network, tmp_path, FOUR_BATCHES)(should_stop=lambda: True) is None
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="remove it"):
        finish_of(network, tmp_path, FOUR_BATCHES)


def test_weights_are_the_effect_of_codes_on_the_picture(network, tmp_path):
    finish = finish_of(network, tmp_path)
    sensed = finish.weights()
    assert sensed.shape == (12, TINY.n_latent, TINY.style_dim)
    exact, count = torch.zeros_like(sensed), torch.zeros(12)
    # The same portraits as `first` says, a whole batch on; every fourth batch is enough.
    shares = PairSampler(AT_ONCE, 1, 1 + PROBES, lambda _: TINY.size)
    pairs = PortraitPairs(TINY.size, 0, Stream.TRAINING, both_ways=True)
    collate = Collate(network.G.masked_resolutions())
    for packed in list(batches(pairs, shares, collate, 0))[::4]:
        batch = Batch(packed, torch.device("cpu"))
        vectors = network.encode_labels(batch.truths, batch.labels)
        codes = network.style_codes(vectors)
        root = torch.nn.functional.adaptive_avg_pool2d(batch.weight, 16).sqrt()

        def picture(codes, batch=batch, root=root):
            stages = network.G.stages(codes, batch.layout)
            drawn = next(stage.rgb for stage in stages if stage.resolution == 16)
            return torch.nn.functional.adaptive_avg_pool2d(drawn * root, 4)

        changes = jacobian(picture, codes)  # (2N, 3, 4, 4, 2N, 12, n_latent, style_dim)
        exact += changes.square().sum((0, 1, 2, 3, 4))
        count += (vectors != 0).any(2).sum(0)
    # Averages over 4×4 pixels lose what varies within them: the order of the regions is kept.
    exact = (exact / count.clamp(min=1)[:, None, None]).sum((1, 2))
    ranks = torch.stack([sensed.sum((1, 2)), exact]).argsort(1).argsort(1).float()
    assert torch.corrcoef(ranks)[0, 1] > 0.9
