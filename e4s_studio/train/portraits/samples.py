"""Renders the sample portraits that come with the program, from their random seeds.

Run ``python -m e4s_studio.train.portraits.samples resources/samples``.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from e4s_studio.files.label_maps import write_label_map
from e4s_studio.files.output import write_whole
from e4s_studio.train.portraits.renderer import render
from e4s_studio.train.portraits.shape import random_shape
from e4s_studio.train.portraits.texture import random_texture

SIZE: Final = 1024
"""Pixels on a side."""

_QUALITY: Final = 94
"""JPEG quality, with full-resolution colour: no block shows when a sample is edited."""

PORTRAITS: Final = {
    "amara": (3033, 3033),
    "rosalind": (2006, 3050),
    "vera": (2029, 2029),
    "elias": (2049, 2049),
    "noor": (3051, 1013),
    "ruth": (3042, 3042),
    "marco": (2003, 2003),
    "ida": (2024, 2024),
}
"""Seeds of shape and texture by name."""

FIRST_PAIR: Final = ("amara", "rosalind")
"""Source and target of the first start."""


def write_sample(folder: Path, name: str, shape_seed: int, texture_seed: int) -> None:
    """Write ``<name>.jpg`` and ``<name>_map.png`` into an existing folder."""
    shape = random_shape(np.random.default_rng(shape_seed))
    texture = random_texture(np.random.default_rng(texture_seed))
    image, label_map = render(shape, texture, SIZE)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    write_whole(folder / f"{name}.jpg", stream.getvalue())
    write_label_map(folder / f"{name}_map.png", label_map)


def write_samples(folder: Path) -> None:
    """Write every sample and ``samples.json``, which names the first pair and all seeds."""
    for name, (shape_seed, texture_seed) in PORTRAITS.items():
        write_sample(folder, name, shape_seed, texture_seed)
    portraits = {
        name: {"shape_seed": shape, "texture_seed": texture}
        for name, (shape, texture) in PORTRAITS.items()
    }
    record = {"first_pair": list(FIRST_PAIR), "portraits": portraits}
    write_whole(folder / "samples.json", (json.dumps(record, indent=2) + "\n").encode())


def main() -> None:
    """Write the samples into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Write the sample portraits.")
    parser.add_argument("folder", type=Path, help="an existing folder")
    write_samples(parser.parse_args().folder)


if __name__ == "__main__":
    main()
