from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from e4s_studio.core.errors import SettingsError
from e4s_studio.core.pair import Both, Role
from e4s_studio.core.regions import Region
from e4s_studio.engine.drawing.fitted import Fitted, encode_pair
from e4s_studio.engine.fitting.examples import BACKGROUND_WEIGHT, Examples
from e4s_studio.engine.fitting.fit import (
    BUILT_IN_PLAN,
    PUBLISHED_PLAN,
    UNTRAINED_PLAN,
    FitPlan,
    Fitter,
    Phase,
    plan_for,
    pyramid_loss,
)
from e4s_studio.engine.pictures import to_labels, to_network
from e4s_studio.train.pairs import PortraitPairs
from tests.unit.engine.pairs import SMALL, lit_network, portrait, small_network

PLAN = replace(UNTRAINED_PLAN, steps=6)
PAIR = Both(portrait(1), portrait(2, width=1.1))


def fitted(plan: FitPlan, steps: int | None = None) -> Fitted:
    fitter = Fitter(small_network(), PAIR, plan)
    while fitter.steps_taken < (plan.steps if steps is None else steps):
        fitter.step()
    return fitter.fitted()


def error(fit: Fitted) -> float:
    """L1 distance of the source's reconstruction."""
    network, face = fit.network, portrait(1)
    layout = network.layout(to_labels(face.labels, network.config.size))
    drawn = network.draw(network.style_codes(fit.vectors.source), layout)
    return (drawn - to_network(face.image, network.config.size)).abs().mean().item()


def test_fitting_brings_the_reconstruction_closer() -> None:
    before = encode_pair(small_network(), PAIR)
    assert error(fitted(replace(PLAN, steps=40))) < 0.6 * error(before)


def test_muon_brings_the_reconstruction_closer_than_adam_alone() -> None:
    plan = replace(PLAN, steps=40, quarter=0.0, half=0.0)
    assert error(fitted(plan)) < error(fitted(replace(plan, kernel_rate=None)))


def test_phases_follow_each_other() -> None:
    practice, plain = (
        Phase(until, practice=p, mixed=0, plain=1) for until, p in ((0.5, 1), (1, 0))
    )
    plan = replace(PLAN, steps=4, phases=(practice, plain))
    fitter = Fitter(small_network(), Both(portrait(1), portrait(2)), plan, PortraitPairs(64))
    fits = [fitter.fitted()]
    while not fitter.is_done:
        fitter.step()
        fits.append(fitter.fitted())
    vectors = [torch.cat([*fit.vectors]) for fit in fits]
    changed = [not torch.equal(a, b) for a, b in pairwise(vectors)]
    assert changed == [False, False, True, True]


def test_portraits_as_they_are_take_turns() -> None:
    plan = replace(PLAN, phases=(Phase(1, practice=0, mixed=0, plain=1),), vector_rate=0.1)
    fitter = Fitter(small_network(), Both(portrait(1), portrait(2)), plan)
    fits = [fitter.fitted()]
    for _ in range(2):
        fitter.step()
        fits.append(fitter.fitted())
    assert all(torch.equal(fits[0].vectors.source, fit.vectors.source) for fit in fits[:2])
    assert not torch.equal(fits[0].vectors.target, fits[1].vectors.target)
    assert not torch.equal(fits[1].vectors.source, fits[2].vectors.source)


def test_the_same_seed_gives_the_same_fit_and_another_another() -> None:
    one, same, other = (fitted(replace(PLAN, seed=seed)) for seed in (3, 3, 4))
    assert torch.equal(one.vectors.source, same.vectors.source)
    for a, b in zip(one.network.parameters(), same.network.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one.vectors.source, other.vectors.source)


def test_the_given_network_is_never_touched() -> None:
    network = small_network()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    fitter = Fitter(network, Both(portrait(1), portrait(2)), PLAN)
    fitter.step()
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_fit_is_usable_at_any_step_and_goes_on_unharmed() -> None:
    fitter = Fitter(small_network(), PAIR, PLAN)
    fitter.step()
    halfway = fitter.fitted()
    kept = halfway.vectors.source.clone()
    while not fitter.is_done:
        fitter.step()
    assert halfway.steps == 1
    assert torch.equal(halfway.vectors.source, kept)
    assert torch.equal(fitter.fitted().vectors.source, fitted(PLAN).vectors.source)


def test_vectors_alone_are_tuned_as_published() -> None:
    plan = replace(PUBLISHED_PLAN, steps=3)
    before, after = small_network(), fitted(plan)
    for a, b in zip(before.parameters(), after.network.parameters(), strict=True):
        assert torch.equal(a, b)
    start = encode_pair(before, PAIR)
    assert not torch.equal(start.vectors.source, after.vectors.source)


def test_what_a_trained_network_knows_of_textures_and_lights_is_left_alone() -> None:
    network = lit_network()
    fitter = Fitter(network, Both(portrait(1), portrait(2)), plan_for(network, steps=3))
    while not fitter.is_done:
        fitter.step()
    after = dict(fitter.fitted().network.named_parameters())
    changed = {n for n, weight in network.named_parameters() if not torch.equal(weight, after[n])}
    kept = {n for n in after if n.startswith(("encoder.", "MLPs.")) or ".modulation." in n}
    assert changed == after.keys() - kept


def test_an_untrained_network_learns_what_textures_mean() -> None:
    before, after = small_network(), fitted(PLAN).network
    pairs = [
        (before.MLPs[Region.SKIN].mlp[0], after.MLPs[Region.SKIN].mlp[0]),
        (before.G.conv1.conv.modulation, after.G.conv1.conv.modulation),
    ]
    assert not any(torch.equal(old.weight, new.weight) for old, new in pairs)


def test_vectors_of_absent_regions_stay_zero() -> None:
    fit = fitted(PLAN)
    assert not fit.vectors.source[:, Region.EAR_RINGS].any()
    assert fit.vectors.source[:, Region.SKIN].any()


def test_a_fit_learns_textures_and_leaves_the_light_as_it_was_seen() -> None:
    network = lit_network()
    before = encode_pair(network, PAIR)
    fitter = Fitter(network, PAIR, PLAN)
    while not fitter.is_done:
        fitter.step()
    after, seen = fitter.fitted(), network.config.seen_dim
    for old, new in zip(before.vectors, after.vectors, strict=True):
        assert torch.equal(new[..., seen:], old[..., seen:])
        assert new[..., seen:].any()
        assert not torch.equal(new[..., :seen], old[..., :seen])


def test_a_photograph_is_learnt_in_its_own_light() -> None:
    network, face = lit_network(), portrait(1)
    plan = replace(PLAN, phases=(Phase(1, practice=0, mixed=0, plain=1),), quarter=0.0, half=0.0)
    # The other portrait gives its light and nothing else to learn from a step on the source.
    fits = []
    for other in (portrait(2), portrait(3)):
        fitter = Fitter(network, Both(face, other), plan)
        fitter._whose_turn = lambda: Role.SOURCE
        fitter.step()
        fits.append(fitter.fitted())
    weights = [fit.network.G.conv1.conv.weight for fit in fits]
    assert torch.equal(*weights)
    assert not torch.equal(weights[0], network.G.conv1.conv.weight)
    assert not torch.equal(*(fit.vectors.target for fit in fits))


def test_what_an_untrained_network_says_of_the_light_is_left_out() -> None:
    network = small_network(replace(SMALL, light=4))
    fit = Fitter(network, Both(portrait(1), portrait(2)), PLAN).fitted()
    assert not fit.vectors.source[..., network.config.seen_dim :].any()


def test_plans_follow_the_network() -> None:
    network = small_network()
    assert plan_for(network, steps=5, seed=2) == replace(UNTRAINED_PLAN, steps=5, seed=2)
    network.G.conv1.noise.weight.fill_(0.1)
    assert plan_for(network, steps=5, seed=2) == replace(BUILT_IN_PLAN, steps=5, seed=2)
    with pytest.raises(SettingsError, match="0 steps or more"):
        plan_for(small_network(), steps=-1)


def test_mixed_examples_trust_only_what_the_photographs_show() -> None:
    pair = Both(portrait(1), portrait(2, width=1.1))
    examples = Examples(pair, 64, small_network().layout, seed=0)
    pictures = [to_network(face.image, 64) for face in pair.swapped]
    shown = set()
    for _ in range(20):
        example = examples.mixed()
        known = (example.weight >= BACKGROUND_WEIGHT).expand_as(example.truth)
        for amount, picture in enumerate(pictures):
            if bool((example.amounts == amount).all()):
                assert torch.equal(example.truth[known], picture[known])
                shown.add(amount)
        assert 0 < known.float().mean() <= 1
    assert shown == {0, 1}


def test_the_loss_is_zero_for_the_truth_at_any_resolution() -> None:
    truth = torch.rand(1, 3, 32, 32)
    weight = torch.ones(1, 1, 32, 32)
    half = torch.nn.functional.avg_pool2d(truth, 2)
    assert pyramid_loss(truth, truth, weight).item() == 0
    assert pyramid_loss(half, truth, weight).item() == 0
    assert pyramid_loss(truth + 0.1, truth, weight).item() == pytest.approx(0.4, rel=1e-3)
