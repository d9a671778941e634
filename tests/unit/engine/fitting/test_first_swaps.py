from dataclasses import replace

import numpy as np
import pytest
import torch

from e4s_studio.core.pair import Both, Role
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.engine.drawing.fitted import Fitted, encode_pair
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.fitting.first_swaps import FIRST_SWAPS, FirstSwaps
from e4s_studio.engine.fitting.fit import BUILT_IN_PLAN, Fitter, Phase
from e4s_studio.engine.pictures import resize, to_labels, to_network
from e4s_studio.engine.swap import swap_label_maps
from tests.unit.engine.pairs import lit_network, portrait

PAIR = Both(portrait(1), portrait(2, width=1.1))
AMOUNTS = torch.tensor(EditSettings().amounts)


def phases(swaps: float) -> tuple[Phase]:
    return (Phase(1, practice=0, mixed=0, plain=1, swaps=swaps),)


def fit_of(swaps: float, steps: int) -> Fitted:
    plan = replace(BUILT_IN_PLAN, steps=steps, phases=phases(swaps))
    fitter = Fitter(lit_network(), PAIR, plan)
    while not fitter.is_done:
        fitter.step()
    return fitter.fitted()


def drawn(fit: Fitted, labels: np.ndarray, onto: Role) -> torch.Tensor:
    network = fit.network
    mixed = network.mix(fit.vectors[onto.other], fit.vectors[onto], AMOUNTS)
    codes = network.style_codes(mixed)
    return network.draw(codes, network.layout(to_labels(labels, network.config.size)))


@pytest.mark.parametrize("number", range(FIRST_SWAPS))
def test_a_first_swap_is_what_is_finished_before_the_fit_but_for_its_light(number: int) -> None:
    start = encode_pair(lit_network(), PAIR)
    example = FirstSwaps(start, PAIR)[number]
    onto = (Role.TARGET, Role.SOURCE)[number % 2]
    face, head = PAIR[onto.other], PAIR[onto]
    ends = Both(start.vectors[onto.other], start.vectors[onto])
    renderer = Renderer(Fitted(start.network, ends), Both(face, head))
    swapped, _ = swap_label_maps(face.labels, head.labels, face_over_hair=False)
    labels = (head.labels, swapped)[number // 2]
    finished = renderer.swap(labels, EditSettings(light=0), 64).face
    shown = to_network(resize(finished, 64), 64)
    assert example.onto == onto
    assert torch.equal(example.amounts, AMOUNTS)
    assert (example.truth - shown).abs().max() < 1.01 / 255
    codes = torch.rand(1, len(Region), start.network.config.n_latent, 16)
    layout = start.network.layout(to_labels(labels, 64))
    network = start.network
    assert torch.equal(network.draw(codes, example.layout), network.draw(codes, layout))


def test_first_swaps_are_made_once_and_stay_as_they_were() -> None:
    swaps = FirstSwaps(encode_pair(lit_network(), PAIR), PAIR)
    assert swaps[2] is swaps[2]
    assert swaps[0] is not swaps[2]


def test_a_fit_that_remembers_its_first_swaps_keeps_their_colours() -> None:
    first = FirstSwaps(encode_pair(lit_network(), PAIR), PAIR)
    maps = {Role.TARGET: PAIR.target.labels, Role.SOURCE: PAIR.source.labels}

    def drift(fit: Fitted) -> float:
        seen = [
            drawn(fit, labels, onto) - first[number].truth
            for number, (onto, labels) in enumerate(maps.items())
        ]
        return sum(error.mean((2, 3)).abs().mean().item() for error in seen)

    without, with_them = (drift(fit_of(share, 40)) for share in (0.0, 0.5))
    assert with_them < 0.7 * without


def test_a_swap_is_learnt_in_the_light_of_its_head() -> None:
    def learnt(target_light: float) -> torch.Tensor:
        fitter = Fitter(lit_network(), PAIR, replace(BUILT_IN_PLAN, phases=phases(1), steps=1))
        fitter._first_swaps = {0: fitter._first_swaps[0]}
        fitter._examples.chance = lambda: 0.0
        fitter._light[1:, :, -1] = target_light  # the light to draw in
        fitter.step()
        return fitter.fitted().network.G.conv1.conv.weight

    assert not torch.equal(learnt(0.0), learnt(3.0))
