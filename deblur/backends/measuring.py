"""How fast each way to run a network is on this machine, and whether it computes what it should."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from deblur.backends import ACCELERATOR_BATCH, Backend, Choice, Wishes, choices, open_backend
from deblur.backends.base import Batch
from deblur.backends.tuned import Measured
from deblur.errors import BackendError
from deblur.spec import ModelSpec

ROUNDS = 3
"""Number of times that a tile is run after the first; the fastest counts."""

_EXACT = 200.0
"""The parity of equal answers, in dB; JSON knows no infinity."""
_OCTAVES = (1, 4, 16, 64)


def measure_ways(
    spec: ModelSpec,
    weights_of: Callable[[Choice], Path],
    tell: Callable[[str], None] = lambda text: None,
) -> Iterator[Measured]:
    """Every way that `auto` and `fast` may take, one after the other, on one of its own tiles.

    `weights_of` gives a choice's file, `tell` gets a sentence about each way that fails.
    """
    side = min(spec.tiling.tile or 1024, 1024) // spec.size_multiple * spec.size_multiple
    tile = _tile(side, spec.value_range)
    own = spec.precisions[0]
    exact = choices(spec, Wishes("onnx", "cpu", own)) if spec.weights_file(".onnx") else []
    expected = _answer(exact[0], weights_of, tile) if exact else None
    found = (*choices(spec, Wishes(fast=True)), *choices(spec, Wishes()))
    for way in {(each.engine, each.device, each.precision): each for each in found}.values():
        try:
            yield _measured(way, open_backend(way, weights_of(way)), tile, expected)
        except BackendError as error:
            tell(f"{way.engine} on {way.device} at {way.precision}: {error}")


def _measured(way: Choice, backend: Backend, tile: Batch, expected: Batch | None) -> Measured:
    batch = tile if way.device == "cpu" else np.repeat(tile, ACCELERATOR_BATCH, axis=0)
    answer = backend.run(batch)[:1]
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        backend.run(batch)
        seconds.append(time.perf_counter() - started)
    megapixels = batch[:, 0].size / 1e6
    parity = _EXACT if expected is None else _parity(answer, expected, way.spec)
    return Measured(way.engine, way.device, way.precision, min(seconds) / megapixels, parity)


def _answer(way: Choice, weights_of: Callable[[Choice], Path], tile: Batch) -> Batch:
    return open_backend(way, weights_of(way)).run(tile)


def _parity(answer: Batch, expected: Batch, spec: ModelSpec) -> float:
    """PSNR in dB; of an answer that is not finite, 0."""
    low, high = spec.value_range
    error = float(np.mean(((answer - expected) / (high - low)).astype(np.float64) ** 2))
    if not np.isfinite(error):
        return 0.0
    return min(_EXACT, -10 * float(np.log10(max(error, 1e-20))))


def _tile(side: int, value_range: tuple[float, float]) -> Batch:
    """Something with coarse and fine structure, as photos have: (1, 3, side, side)."""
    random, size = np.random.default_rng(0), (side, side)
    total = np.zeros((side, side, 3), np.float32)
    for octave in _OCTAVES:
        small = random.integers(0, 256, (max(2, side // octave), max(2, side // octave), 3))
        grown = Image.fromarray(small.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
        total += np.asarray(grown, np.float32) * octave
    low, high = value_range
    values = total / (255 * sum(_OCTAVES)) * (high - low) + low
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
