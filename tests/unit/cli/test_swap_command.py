import os
import pickle
import signal
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from e4s_studio.cli.app import app
from e4s_studio.cli.swap import parse_amounts
from e4s_studio.core.errors import SettingsError
from e4s_studio.core.regions import FACE, Region
from e4s_studio.engine.fitting.fit import Fitter
from e4s_studio.files.label_maps import write_label_map
from e4s_studio.files.provenance.credential import inspect_file
from tests.unit.engine.pairs import drawn_map, portrait

Paths = dict[str, Path]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """Two painted portraits with their maps, and a place for the result."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    paths = {}
    for seed, name in enumerate(("source", "target"), start=1):
        face = portrait(seed)
        paths[name] = tmp_path / f"{name}.png"
        paths[f"{name}_mask"] = tmp_path / f"{name}_map.png"
        Image.fromarray(face.image).save(paths[name])
        write_label_map(paths[f"{name}_mask"], face.labels)
    paths["output"] = tmp_path / "out.png"
    return paths


def swap(paths: Paths, *options: str) -> Result:
    arguments = ["swap", str(paths["source"]), str(paths["target"]), "-o", str(paths["output"])]
    for role in ("source", "target"):
        arguments += [f"--{role}-mask", str(paths[f"{role}_mask"])]
    return CliRunner().invoke(app, [*arguments, "--device", "cpu", "--fit-steps", "0", *options])


def test_a_swap_is_written_whole_labelled_and_with_its_steps(files: Paths, tmp_path: Path) -> None:
    steps = tmp_path / "steps"
    result = swap(files, "--fit-steps", "1", "--steps-dir", str(steps), "--amount", "hair=0.5")
    assert result.exit_code == 0, result.output
    with Image.open(files["output"]) as picture:
        assert picture.size == (256, 256)
    with c2pa.Reader(str(files["output"])) as reader:
        assert "compositeWithTrainedAlgorithmicMedia" in reader.json()
    names = {path.stem.split("_", 1)[1] for path in steps.iterdir()}
    assert {"source_map", "target_map", "swapped_map", "drawn", "face", "cover"} <= names
    assert not list(tmp_path.glob(".*part"))


def in_grey(path: Path) -> None:
    with Image.open(path) as picture:
        grey = picture.convert("L").convert("RGB")
    grey.save(path)


def told(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any], float]:
    """Return a picture's colour actions, the settings it tells of, and how colourful it is."""
    found = inspect_file(path)
    assert found is not None
    with Image.open(path) as picture:
        colourfulness = np.ptp(np.asarray(picture, np.float32), axis=-1).max()
    actions = [one for one in found.actions if one["action"] == "c2pa.adjustedColor"]
    return actions, found.facts["settings"], float(colourfulness)


def test_the_film_is_followed_as_far_as_it_is_set_and_named_where_it_was(files: Paths) -> None:
    assert swap(files).exit_code == 0
    actions, settings, _ = told(files["output"])
    assert not actions
    assert "film" not in settings
    in_grey(files["target"])
    assert swap(files).exit_code == 0
    (action,), settings, colourfulness = told(files["output"])
    assert action["parameters"] == {"film": "tone", "amount": 1.0}
    assert settings["film"] == 1
    assert colourfulness <= 1
    assert swap(files, "--film", "0").exit_code == 0
    actions, settings, colourfulness = told(files["output"])
    assert not actions
    assert "film" not in settings
    assert colourfulness > 50


@pytest.mark.parametrize("option", ["--film", "--detail", "--light"])
def test_amounts_out_of_range_are_refused(files: Paths, option: str) -> None:
    refused(swap(files, option, "1.5"), files, 2)


def test_the_same_seed_gives_the_same_picture(files: Paths) -> None:
    pictures = []
    for seed in ("5", "5", "6"):
        assert swap(files, "--fit-steps", "6", "--seed", seed, "--no-credential").exit_code == 0
        pictures.append(files["output"].read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_all_amounts_0_and_its_own_map_return_the_target(files: Paths) -> None:
    files["source_mask"] = files["target_mask"]
    assert swap(files, "--amount", "all=0", "--no-credential").exit_code == 0
    with Image.open(files["output"]) as picture, Image.open(files["target"]) as target:
        np.testing.assert_array_equal(np.array(picture), np.array(target))


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds no pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk


def truncated(files: Paths) -> None:
    whole = files["source"].read_bytes()
    files["source"].write_bytes(whole[: len(whole) // 2])


BAD_PHOTOGRAPHS: dict[str, Callable[[Paths], object]] = {
    "missing": lambda files: files["source"].unlink(),
    "empty": lambda files: files["source"].write_bytes(b""),
    "truncated": truncated,
    "text": lambda files: files["source"].write_text("not a picture"),
    "one pixel": lambda files: Image.new("RGB", (1, 1), 9).save(files["source"]),
    "huge": lambda files: files["source"].write_bytes(png_header(30_000, 30_000)),
}


@pytest.mark.parametrize("spoil", BAD_PHOTOGRAPHS.values(), ids=BAD_PHOTOGRAPHS)
def test_bad_photographs_are_refused(files: Paths, spoil: Callable[[Paths], object]) -> None:
    spoil(files)
    refused(swap(files), files, 3)


def many_labels(files: Paths) -> None:
    noise = np.arange(256 * 256, dtype=np.uint32).reshape(256, 256) % 40
    Image.fromarray(noise.astype(np.uint8)).save(files["target_mask"])


def other_aspect(files: Paths) -> None:
    write_label_map(files["target_mask"], drawn_map()[:150])


BAD_MASKS: dict[str, Callable[[Paths], object]] = {
    "one colour": lambda files: Image.new("L", (256, 256), 3).save(files["target_mask"]),
    "40 labels": many_labels,
    "another aspect": other_aspect,
}


@pytest.mark.parametrize("spoil", BAD_MASKS.values(), ids=BAD_MASKS)
def test_bad_masks_are_refused(files: Paths, spoil: Callable[[Paths], object]) -> None:
    spoil(files)
    refused(swap(files), files, 4)


@pytest.mark.parametrize("text", ["beak=0.5", "lip=1.5", "lip=nan", "lip=much", "lip"])
def test_bad_amounts_are_refused(files: Paths, text: str) -> None:
    refused(swap(files, "--amount", text), files, 2)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_bad_checkpoints_are_refused_and_never_executed(files: Paths, tmp_path: Path) -> None:
    path, trap = tmp_path / "model.pt", tmp_path / "sprung"
    contents: list[Callable[[], object]] = [
        lambda: path.write_text("not a checkpoint"),
        lambda: path.write_bytes(pickle.dumps({"state_dict": Trap(trap)})),
        lambda: torch.save({"state_dict": {"a.weight": torch.ones(2)}}, path),
        path.unlink,
    ]
    for spoil in contents:
        spoil()
        refused(swap(files, "--checkpoint", str(path)), files, 5)
    assert not trap.exists()


def test_an_unknown_device_is_refused(files: Paths) -> None:
    refused(swap(files, "--device", "abacus"), files, 8)


@pytest.mark.parametrize("role", ["source", "target", "source_mask"])
def test_what_is_read_is_not_written_over(files: Paths, role: str) -> None:
    before = files[role].read_bytes()
    result = swap(files | {"output": files[role]})
    assert result.exit_code == 6
    assert "another name" in result.stderr
    assert files[role].read_bytes() == before


def test_a_folder_that_is_not_there_is_refused_before_any_work(files: Paths) -> None:
    files["output"] = files["output"].parent / "nowhere" / "out.png"
    refused(swap(files), files, 6)


def test_ctrl_c_during_fitting_says_so_and_leaves_nothing(
    files: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Fitter.step

    def interrupted(fitter: Fitter) -> float:
        if fitter.steps_taken == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return step(fitter)

    monkeypatch.setattr(Fitter, "step", interrupted)
    result = swap(files, "--fit-steps", "3")
    refused(result, files, 130)
    assert "Stopped" in result.output


def refused(result: Result, files: Paths, code: int) -> None:
    assert result.exit_code == code, result.output
    assert len(result.output.strip().splitlines()[-1]) > 20
    assert "Traceback" not in result.output
    assert not files["output"].exists()
    folder = files["source"].parent
    assert not list(folder.glob(".*part"))


def test_amounts_are_read_for_regions_and_groups() -> None:
    amounts = parse_amounts(["inner_face=0.25", "Lip=0.6", "eye-glass=1"])
    assert amounts == {**dict.fromkeys(FACE, 0.25), Region.LIP: 0.6, Region.EYE_GLASS: 1.0}
    with pytest.raises(SettingsError, match="choose from background, lips"):
        parse_amounts(["beak=1"])
