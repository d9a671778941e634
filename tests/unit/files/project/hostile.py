"""Project files that were damaged, or made to do harm."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

MANIFEST = "manifest.json"
BOMB = 1 << 28


def entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return stream.getvalue()


def truncated(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(len(data)))]


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(data)
    for place in rng.integers(0, len(data), int(rng.integers(1, 20))):
        damaged[place] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def garbled_entry(data: bytes, rng: np.random.Generator) -> bytes:
    """Change bytes of one entry under a checksum that fits."""
    content = entries(data)
    name = list(content)[rng.integers(len(content))]
    if content[name]:
        content[name] = flipped(content[name], rng)
    return zipped(content)


def missing_entry(data: bytes, rng: np.random.Generator) -> bytes:
    content = entries(data)
    del content[list(content)[rng.integers(len(content))]]
    return zipped(content)


def exchanged_entries(data: bytes, rng: np.random.Generator) -> bytes:
    content = entries(data)
    first, second = rng.choice(list(content), 2, replace=False)
    content[first], content[second] = content[second], content[first]
    return zipped(content)


def bomb(data: bytes, rng: np.random.Generator) -> bytes:
    """Let one entry unpack to 256 MiB of zeros."""
    content = entries(data)
    name = list(content)[rng.integers(len(content))]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, block in content.items():
            if other != name:
                archive.writestr(other, block)
        with archive.open(name, "w", force_zip64=True) as out:
            for _ in range(BOMB >> 24):
                out.write(bytes(1 << 24))
    return stream.getvalue()


def png_bomb(data: bytes, rng: np.random.Generator) -> bytes:
    """Let a plane's PNG say that it has 60,000 × 60,000 pixels."""
    content = entries(data)
    name = [one for one in content if one.endswith(".png")][rng.integers(3)]
    damaged = bytearray(content[name])
    damaged[16:24] = (60_000).to_bytes(4, "big") * 2
    content[name] = bytes(damaged)
    return zipped(content)


def leading_out(data: bytes, rng: np.random.Generator) -> bytes:
    """Name an entry so that unpacking it would write elsewhere, in the zip and in the list."""
    content = entries(data)
    name = list(content)[1 + rng.integers(len(content) - 1)]
    evil = ("../../evil.png", "/evil.png", "..\\evil.png", "C:\\evil.png")[rng.integers(4)]
    content[evil] = content.pop(name)
    plain = content[MANIFEST].decode().replace(json.dumps(name), json.dumps(evil))
    content[MANIFEST] = plain.encode()
    return zipped(content)


def twisted(data: bytes, rng: np.random.Generator) -> bytes:
    """Put something odd in the place of one value in the manifest or the history."""
    content = entries(data)
    name = (MANIFEST, "history.json")[rng.integers(2)]
    tree = json.loads(content[name])
    places = list(_places(tree))
    holder, key = places[rng.integers(len(places))]
    holder[key] = ODDITIES[rng.integers(len(ODDITIES))]
    content[name] = json.dumps(tree).encode()
    return zipped(content)


ODDITIES = (
    None,
    -1,
    0,
    10**9,
    10**400,
    1e308,
    float("nan"),
    True,
    "",
    "x" * 10_000,
    "__import__('os').system('true')",
    "../../etc/passwd",
    [],
    {},
    [[[[]]]],
    {"a": {"b": 1}},
    "manifest.json",
)


def _places(tree):
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(value, dict | list):
            yield from _places(value)


def nested(data: bytes, rng: np.random.Generator) -> bytes:
    content = entries(data)
    content[MANIFEST] = b"[" * 100_000
    return zipped(content)


def crowded(data: bytes, rng: np.random.Generator) -> bytes:
    content = entries(data)
    content |= {f"x{number}": b"" for number in range(5000)}
    return zipped(content)


def no_zip(data: bytes, rng: np.random.Generator) -> bytes:
    return rng.bytes(int(rng.integers(0, 5000)))


QUICK: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    truncated,
    flipped,
    garbled_entry,
    missing_entry,
    exchanged_entries,
    png_bomb,
    leading_out,
    twisted,
    twisted,
    twisted,
    nested,
    crowded,
    no_zip,
)
KINDS = (*QUICK, bomb)
