"""Facts and pictures to sign."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.provenance.facts import Facts, Ground, Photograph, label_map_sha256

LABELS = np.arange(12, dtype=np.uint8).reshape(3, 4)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def encoded(kind: str, seed: int = 0) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture(seed)).save(stream, kind)
    return stream.getvalue()


def facts(ground: Ground | None = Ground.CONSENT) -> Facts:
    settings = replace(EditSettings().with_amount(Region.LIP, 0.25), light=0.75)
    source = Photograph("ann.jpg", encoded("JPEG", 1))
    target = Photograph("bob.png", encoded("PNG", 2))
    return Facts(source, target, label_map_sha256(LABELS), settings, "studio-256", ground)
