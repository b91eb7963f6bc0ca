"""A network on an engine, and what it makes of tiles of a photo."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deblur.backends import Choice, Wishes, choices, open_first, tiling_of
from deblur.backends.base import ACCELERATOR_BATCH, Backend
from deblur.color import linear_to_srgb, srgb_to_linear
from deblur.errors import NonFiniteOutputError
from deblur.language import say
from deblur.spec import ModelSpec
from deblur.tiling import TilePlan, plan_tiles
from deblur.weights import fetch_weights, find_model

Floats = NDArray[np.float32]
Integers = NDArray[np.uint8] | NDArray[np.uint16]

PLAUSIBLE = 1.0
"""How far below 0 or above 1 a restored value may lie before reduced precision is suspected."""

SLOW = 1000.0
"""From this cost on, in GMAC per megapixel, a small tile is timed to estimate a photo's time."""
PROBED = 256
"""The side of that tile in pixels."""


@dataclass
class Counts:
    """What is counted while one photo goes through, in seconds and tiles."""

    network_seconds: float = 0.0
    retried_tiles: int = 0
    started: float = field(default_factory=lambda: time.perf_counter())


class TiledNetwork:
    """A model on an engine. Safe to share between threads: a call keeps nothing here.

    `tile` overrides the model's own tile side in pixels, 0 takes the photo whole; `batch`
    tiles go through the network at once; `notes` say which devices did not start.
    """

    def __init__(
        self,
        spec: ModelSpec,
        backend: Backend,
        *,
        tile: int | None = None,
        batch: int | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.spec, self.backend, self.notes = spec, backend, notes
        self.policy = tiling_of(spec, tile)
        self.batch = batch or (1 if backend.device == "cpu" else ACCELERATOR_BATCH)

    @classmethod
    def open(cls, model: str, wishes: Wishes) -> "TiledNetwork":
        """Find a model, decide what runs it, fetch its weights and start an engine on them.

        Raises the ModelError or BackendError that says what is missing, TileError for too small
        a tile.
        """
        choice, backend, notes = open_first(choices(find_model(model), wishes), weights_of)
        return cls(choice.spec, backend, tile=wishes.tile, notes=notes)

    def plan(self, height: int, width: int) -> TilePlan:
        """How a photo of that size is tiled."""
        return plan_tiles(height, width, self.policy, self.spec.size_multiple)

    @property
    def is_slow(self) -> bool:
        """Whether people wish to know what a photo will take before it begins."""
        return (self.spec.macs_per_megapixel or 0) >= SLOW

    def expected_seconds(self, plan: TilePlan) -> float:
        """What a photo will take, from the time that a small tile takes."""
        multiple = self.spec.size_multiple
        side = math.ceil(PROBED / multiple) * multiple
        rows, columns = (min(side, axis.side) for axis in (plan.rows, plan.columns))
        started = time.perf_counter()
        self.backend.run(np.full((1, 3, rows, columns), 0.5, np.float32))
        seconds = time.perf_counter() - started
        return seconds * len(plan) * plan.rows.side * plan.columns.side / (rows * columns)

    def restore(self, tiles: Sequence[Integers], counts: Counts) -> list[Floats]:
        """Tiles (h, w, 1 or 3), sharper, as (h, w, 3) in [0, 1].

        A tile that comes back implausible at reduced precision runs again at fp32. Raises
        NonFiniteOutputError when the network gives NaN at full precision.
        """
        blurred = self._encode(tiles)
        started = time.perf_counter()
        outputs = [self._decode(output) for output in self.backend.run(blurred)]
        for index, output in enumerate(outputs):
            if not self._plausible(output):
                outputs[index] = self._run_in_full(blurred[index : index + 1])
                counts.retried_tiles += 1
        counts.network_seconds += time.perf_counter() - started
        return outputs

    def _run_in_full(self, blurred: Floats) -> Floats:
        full = self.backend.at_full_precision()
        output = self._decode(full.run(blurred)[0])
        if not np.isfinite(output).all():
            raise NonFiniteOutputError(
                say(
                    "{model} gave NaN or infinity at {precision}; its weights are no good",
                    model=self.spec.name,
                    precision=full.precision,
                )
            )
        return output

    def _plausible(self, output: Floats) -> bool:
        if self.backend.at_full_precision() is self.backend:
            return bool(np.isfinite(output).all())
        low, high = float(output.min()), float(output.max())
        return low >= -PLAUSIBLE and high <= 1 + PLAUSIBLE

    def _encode(self, tiles: Sequence[Integers]) -> Floats:
        """Integers (h, w, 1 or 3), all of one size -> what the network takes, (N, 3, h, w)."""
        low, high = self.spec.value_range
        values = np.empty((len(tiles), 3, *tiles[0].shape[:2]), np.float32)
        for pixels, planes in zip(tiles, values, strict=True):
            peak = np.float32(np.iinfo(pixels.dtype).max)
            np.divide(pixels.transpose(2, 0, 1), peak, out=planes, dtype=np.float32)
        if self.spec.transfer == "linear":
            values = srgb_to_linear(values)
        if (low, high) != (0, 1):
            values = values * np.float32(high - low) + np.float32(low)
        return np.ascontiguousarray(values, np.float32)

    def _decode(self, output: Floats) -> Floats:
        low, high = self.spec.value_range
        values = output.transpose(1, 2, 0)
        if (low, high) != (0, 1):
            values = (values - low) / (high - low)
        return linear_to_srgb(values) if self.spec.transfer == "linear" else values


def weights_of(choice: Choice) -> Path:
    """The file of weights that a choice runs. Raises what `fetch_weights` raises."""
    return fetch_weights(choice.spec, choice.suffixes)
