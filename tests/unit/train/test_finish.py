"""The end of a training: the style codes of swaps, learnt without drawing."""

from __future__ import annotations

import pytest
import torch
from small import TINY
from torch.autograd.functional import jacobian

from e4s_studio.train.batches import Batch, Collate, Shares, batches
from e4s_studio.train.finish import AT_ONCE, PROBES, Finish, FinishPlan
from e4s_studio.train.pairs import PortraitPairs, Stream
from e4s_studio.train.plan import TrainingPlan
from e4s_studio.train.run import Data
from e4s_studio.train.start import start_network

SHORT = FinishPlan(pairs=8, passes=60, batch=8, rate=2e-2)


pytestmark = pytest.mark.usefixtures("tiny_preset")


def finish_of(network, plan=SHORT):
    pairs = PortraitPairs(TINY.size, 0, Stream.TRAINING, both_ways=True)
    return Finish(network, Data(pairs, pairs), plan, TrainingPlan(preset="tiny"), first=3)


def learnt_pairs():
    pairs = PortraitPairs(TINY.size, 0, Stream.TRAINING, both_ways=True)
    shares = Shares(AT_ONCE, 1, 3, lambda _: TINY.size)
    for packed in batches(pairs, shares, Collate([]), 0):
        yield Batch(packed, torch.device("cpu"))


@torch.no_grad()
def error_of_swaps(network, teacher, weights):
    """How far codes of swaps are from those of their truths."""
    error = 0.0
    for batch in learnt_pairs():
        own = network.encode_labels(batch.pictures, batch.labels)
        codes = network.style_codes(network.mix(own.roll(len(own) // 2, 0), own, batch.amounts))
        truth = teacher.encode_labels(batch.truths, batch.labels)
        there = (truth != 0).any(2)[..., None, None]
        error += float(((codes - teacher.style_codes(truth)).square() * weights * there).sum())
    return error


def test_swaps_come_nearer_to_the_codes_of_their_truths():
    network = start_network(TrainingPlan(preset="tiny")).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    finish = finish_of(network)
    seen = []
    finished = finish(lambda step, losses: seen.append((step, losses)))
    assert [step for step, _ in seen] == list(range(1, finish.steps + 1))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    weights = finish.weights()
    learnt = error_of_swaps(finished, network, weights)
    assert learnt < 0.5 * error_of_swaps(network, network, weights)
    changed = {n for n, value in finished.state_dict().items() if not torch.equal(value, before[n])}
    assert changed
    assert all(name.startswith(("MLPs.", "encoder.light.")) for name in changed)


def test_it_ends_the_same_every_time():
    network = start_network(TrainingPlan(preset="tiny")).eval()
    plan = FinishPlan(pairs=4, passes=1, batch=4)
    one, other = (finish_of(network, plan)().state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_it_stops_while_it_paints_and_while_it_learns():
    network = start_network(TrainingPlan(preset="tiny")).eval()
    finish = finish_of(network, FinishPlan(pairs=8, passes=2, batch=4))
    steps = []
    for last in (1, 7):
        steps.clear()
        stop_after = iter([False] * (last - 1) + [True])
        assert finish(lambda step, _: steps.append(step), stop_after.__next__) is None
        assert steps[-1] == last


def test_weights_are_how_much_codes_change_the_picture():
    network = start_network(TrainingPlan(preset="tiny")).eval()
    finish = finish_of(network)
    sensed = finish.weights()
    assert sensed.shape == (12, TINY.n_latent, TINY.style_dim)
    exact, count = torch.zeros_like(sensed), torch.zeros(12)
    # The same portraits as `first` says, a whole batch on; every fourth batch is enough.
    shares = Shares(AT_ONCE, 1, 1 + PROBES, lambda _: TINY.size)
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
