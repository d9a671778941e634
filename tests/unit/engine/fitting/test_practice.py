from dataclasses import dataclass, replace

import numpy as np
import torch

from e4s_studio.core.pair import Both
from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.engine.fitting.fit import UNTRAINED_PLAN, Fitter, Phase
from e4s_studio.engine.fitting.practice import LESSONS, Practice
from e4s_studio.engine.pictures import to_labels, to_network
from e4s_studio.train.pairs import PortraitPairs, Stream, TrainingPair, practice_pairs
from e4s_studio.train.plan import AUGMENT
from tests.unit.engine.pairs import portrait, small_network


@dataclass
class Book:
    """Lessons that tell which were asked for."""

    asked: list[int]

    def __getitem__(self, number: int) -> TrainingPair:
        """Teach that the target becomes the source, in full."""
        self.asked.append(number)
        faces = [portrait(number + 10), portrait(number + 50, width=1.1)]
        pictures = np.stack([face.image for face in faces])
        labels = np.stack([face.labels for face in faces])
        everywhere = np.ones(labels.shape, np.bool_)
        amounts = np.ones((2, REGION_COUNT), np.float32)
        return TrainingPair(pictures, labels, amounts, pictures[::-1].copy(), everywhere)


def test_a_lesson_becomes_its_swap_on_the_targets_map() -> None:
    network, book = small_network(), Book([])
    example = Practice(book, network)[3]
    lesson = Book([])[3]
    assert torch.equal(example.truth, to_network(lesson.truths[1], 64))
    codes = network.style_codes(torch.rand(1, REGION_COUNT, network.config.vector_dim))
    its_map = network.layout(to_labels(lesson.labels[1], 64))
    assert torch.equal(network.draw(codes, example.layout), network.draw(codes, its_map))
    source, target = (
        network.encode_labels(to_network(lesson.pictures[i], 64), to_labels(lesson.labels[i]))
        for i in (0, 1)
    )
    assert example.vectors is not None
    mixed = network.mix(*example.vectors, example.amounts)
    whole = torch.ones(REGION_COUNT)
    assert torch.allclose(mixed, network.mix(source, target, whole), atol=1e-5)


def test_a_lesson_is_made_once() -> None:
    book = Book([])
    practice = Practice(book, small_network())
    assert practice[1] is practice[1]
    assert book.asked == [1]


def test_a_fit_practises_as_often_as_its_plan_says_and_leaves_the_vectors_alone() -> None:
    book = Book([])
    plan = replace(UNTRAINED_PLAN, steps=4, phases=(Phase(1, practice=1, mixed=0, plain=0),))
    network = small_network()
    fitter = Fitter(network, Both(portrait(1), portrait(2)), plan, book)
    before = fitter.fitted()
    while not fitter.is_done:
        fitter.step()
    after = fitter.fitted()
    assert torch.equal(before.vectors.source, after.vectors.source)
    assert not torch.equal(before.network.G.input.input, after.network.G.input.input)
    assert book.asked
    assert max(book.asked) < LESSONS


def test_without_lessons_a_fit_learns_from_the_pair_alone() -> None:
    plan = replace(UNTRAINED_PLAN, steps=3, phases=(Phase(1, practice=1, mixed=0, plain=0),))
    fitter = Fitter(small_network(), Both(portrait(1), portrait(2)), plan)
    start = fitter.fitted().vectors.source
    while not fitter.is_done:
        fitter.step()
    assert not torch.equal(start, fitter.fitted().vectors.source)


def test_no_training_has_seen_the_lessons() -> None:
    lesson = practice_pairs(64)[0]
    for stream in set(Stream) - {Stream.PRACTICE}:
        seen = PortraitPairs(64, stream=stream, augment=AUGMENT)[0]
        assert not np.array_equal(seen.pictures, lesson.pictures)
    again = PortraitPairs(64, stream=Stream.PRACTICE, augment=AUGMENT)[0]
    assert np.array_equal(again.pictures, lesson.pictures)
