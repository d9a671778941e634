"""Speed of rendering portraits at 256² on one core, relative to a Gaussian blur of 1024².

python benchmarks/renderer.py [--count N]
"""

from __future__ import annotations

import argparse
import statistics
import time

import cv2
import numpy as np

from e4s_studio.train.portraits import random_shape, random_texture, render

SIZE = 256


def seconds_of_a_blur() -> float:
    """Return the CPU seconds of one Gaussian blur (σ = 8) of a 1024² picture: one unit."""
    picture = np.random.default_rng(0).random((1024, 1024, 3), dtype=np.float32)
    times = []
    for _ in range(20):
        start = time.process_time()
        cv2.GaussianBlur(picture, (0, 0), 8)
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    """Render portraits; print milliseconds, portraits a second and units."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    count = parser.parse_args().count
    cv2.setNumThreads(1)
    unit = seconds_of_a_blur()
    times = []
    for seed in range(count):
        shape = random_shape(np.random.default_rng(seed))
        texture = random_texture(np.random.default_rng(seed))
        start = time.process_time()
        render(shape, texture, SIZE)
        times.append(time.process_time() - start)
    mean = statistics.fmean(times)
    print(f"{count} portraits at {SIZE}²: {1000 * mean:.1f} ms each ({1 / mean:.1f} a second),")
    print(f"slowest {1000 * max(times):.1f} ms; one blur of 1024² takes {1000 * unit:.1f} ms,")
    print(f"so a portrait is {mean / unit:.2f} blurs.")


if __name__ == "__main__":
    main()
