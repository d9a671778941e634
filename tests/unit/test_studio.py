"""A pair is opened, fitted, swapped and exported in a few calls, as the documentation says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from e4s_studio import studio
from e4s_studio.core.pair import Both
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.provenance.credential import inspect_file
from e4s_studio.files.provenance.facts import Ground
from e4s_studio.files.resources import sample_pair
from e4s_studio.studio import FittedPair, fit, open_pair
from tests.unit.engine.pairs import portrait

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def pair() -> FittedPair:
    return fit(Both(portrait(1), portrait(2, width=1.1)), device="cpu", steps=0)


@pytest.fixture(autouse=True)
def own_keys(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path_factory.getbasetemp() / "keys"
    monkeypatch.setattr(studio, "keys_folder", lambda: keys)


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", EXAMPLE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(example.replace("steps=480", "steps=1"), {})  # noqa: S102 - our own documentation
    with Image.open("swap.png") as picture, Image.open(sample_pair()[1]) as target:
        assert picture.size == target.size
    assert inspect_file("swap.png").is_intact
    assert Path("swap.psd").is_file()
    assert Path("label_map.png").is_file()


def test_label_maps_may_be_given() -> None:
    paths = Both(*sample_pair())
    maps = paths.map(lambda path: path.with_name(f"{path.stem}_map.png"))
    portraits = open_pair(*paths, maps)
    for opened, path in zip(portraits, maps, strict=True):
        with Image.open(path) as known:
            np.testing.assert_array_equal(np.unique(opened.labels), np.unique(known))


def test_a_fit_tells_its_steps_and_can_be_cancelled(pair: FittedPair) -> None:
    told = []
    fitted = fit(
        pair.renderer.portraits,
        device="cpu",
        steps=3,
        progress=lambda taken, steps: told.append((taken, steps)),
        is_cancelled=lambda: len(told) == 2,
    )
    assert told == [(1, 3), (2, 3)]
    assert fitted.renderer.fitted.steps == 2


def test_without_amounts_on_its_own_map_the_target_comes_back(pair: FittedPair) -> None:
    face = pair.renderer.portraits.target
    swap = pair.swap(EditSettings().with_amount(Region, 0.0))
    whole = studio.Swap(pair, replace(swap.snapshot, labels=face.labels))
    np.testing.assert_array_equal(whole.picture, face.image)


def test_a_written_picture_is_signed_unless_told_otherwise(
    pair: FittedPair, tmp_path: Path
) -> None:
    swap = pair.swap()
    for name, credential in (("signed.png", True), ("plain.png", False)):
        path = tmp_path / name
        assert swap.write(path, ground=Ground.CONSENT, credential=credential) == [path]
        with Image.open(path) as picture:
            np.testing.assert_array_equal(np.asarray(picture), swap.picture)
    found = inspect_file(tmp_path / "signed.png")
    assert found.facts["ground"] == "consent"
    assert inspect_file(tmp_path / "plain.png") is None
