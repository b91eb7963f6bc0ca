"""The one pipeline from pixels to pixels, and the only place that knows its order.

decode -> tiles -> transfer and value range -> backend -> merge -> encode
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.backends import Choice, Wishes, choices, open_first, tiling_of
from deblur.backends.base import ACCELERATOR_BATCH, Backend
from deblur.catalog import DEFAULT_MODEL
from deblur.color import linear_to_srgb, srgb_to_linear
from deblur.errors import CancelledError, NonFiniteOutputError
from deblur.image_io import (
    DEFAULT_MAX_PIXELS,
    DecodedImage,
    check_output,
    decode_image,
    encode_file,
    held_place,
    requested_format,
)
from deblur.spec import ModelSpec, Precision
from deblur.tiling import Tile, TilePlan, cut_tile, merge_bands, merged_bands, plan_tiles
from deblur.weights import fetch_weights, find_model

Floats = NDArray[np.float32]

PLAUSIBLE = 1.0
"""How far below 0 or above 1 a restored value may lie before reduced precision is suspected."""


VISIBLE = 4 / 255
"""A pixel that differs by so much of the whole range differs visibly."""
HARDLY = 0.02
"""A photo of which a smaller share differs visibly came out almost unchanged."""


@dataclass(frozen=True)
class Progress:
    """How far a photo is; `seconds_left` is extrapolated from the tiles so far."""

    tiles_done: int
    tiles: int
    seconds_left: float


@dataclass(frozen=True)
class RestoreReport:
    """What ran, on how many pixels, and for how long.

    `tile` is height x width in pixels; `seconds` covers everything from file to file,
    `network_seconds` only the backend. `changed` is the share of values that came out visibly
    different, by 4 of 255 or more, of every fourth row. `notes` are sentences for the user.
    """

    model: str
    backend: str
    execution_provider: str
    device: str
    precision: Precision
    width: int
    height: int
    tile: tuple[int, int]
    tiles: int
    seconds: float
    network_seconds: float
    changed: float
    notes: tuple[str, ...]

    @property
    def megapixels(self) -> float:
        """Pixels of the photo, in millions."""
        return self.width * self.height / 1e6

    def summary(self) -> str:
        """One line for people: what ran, on what, for how long, and what is to be noted."""
        parts = (
            self.model,
            f"{self.backend} ({self.execution_provider}, {self.precision})",
            f"{self.tiles} {'tile' if self.tiles == 1 else 'tiles'} of "
            f"{self.tile[1]}x{self.tile[0]}",
            f"{self.megapixels:.1f} MP in {self.seconds:.1f} s",
            *self.notes,
        )
        return " · ".join(parts)


OnProgress = Callable[[Progress], None]


@dataclass
class _Pass:
    """What is counted while one photo goes through."""

    network_seconds: float = 0.0
    retried_tiles: int = 0
    changed: float = 0.0
    started: float = field(default_factory=lambda: time.perf_counter())


class Restorer:
    """A model on an engine. Safe to share between threads: a call keeps nothing here.

    `tile` overrides the model's own tile side in pixels, 0 takes the photo whole; `batch`
    tiles go through the network at once.
    """

    def __init__(
        self,
        spec: ModelSpec,
        backend: Backend,
        *,
        tile: int | None = None,
        batch: int | None = None,
    ) -> None:
        self.spec, self.backend = spec, backend
        self.policy = tiling_of(spec, tile)
        self.notes: tuple[str, ...] = ()
        self.batch = batch or (1 if backend.device == "cpu" else ACCELERATOR_BATCH)

    @classmethod
    def open(
        cls,
        model: str = DEFAULT_MODEL,
        *,
        engine: str = "auto",
        device: str = "auto",
        precision: Precision | None = None,
        tile: int | None = None,
        threads: int | None = None,
        fast: bool = False,
    ) -> "Restorer":
        """Find a model, decide what runs it, fetch its weights and start an engine on them.

        `precision` None is the model's own, fp32 or what its file was quantised to, or bf16 where
        that is faster here and nobody sees a difference; `fast` also takes int8, or what else
        comes near. What is `auto` gives way to what is asked for; a device that does not start is
        noted, and the next one is taken. Raises the ModelError or BackendError that says what is
        missing, TileError for too small a tile.
        """
        wishes = Wishes(engine, device, precision, tile, threads, fast)
        choice, backend, notes = open_first(choices(find_model(model), wishes), _weights_of)
        restorer = cls(choice.spec, backend, tile=tile)
        restorer.notes = notes
        return restorer

    def plan(self, height: int, width: int) -> TilePlan:
        """How a photo of that size would be tiled."""
        return plan_tiles(height, width, self.policy, self.spec.size_multiple)

    def restore(
        self,
        image: DecodedImage,
        *,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
    ) -> DecodedImage:
        """Sharpen a photo: same size, depth, channels and metadata; alpha passes untouched.

        Raises CancelledError soon after `cancel` is set, NonFiniteOutputError when the
        network gives NaN at full precision.
        """
        return self.restore_reported(image, on_progress=on_progress, cancel=cancel)[0]

    def restore_reported(
        self,
        image: DecodedImage,
        *,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
    ) -> tuple[DecodedImage, RestoreReport]:
        """As `restore`, with the report of what ran."""
        counts = _Pass()
        restored = self._restore(image, counts, on_progress, cancel)
        return restored, self._report(restored, counts)

    def restore_file(
        self,
        blurred: str | Path | bytes,
        restored: str | Path,
        *,
        format: str | None = None,
        quality: int | None = None,
        strip_metadata: bool = False,
        overwrite: bool = False,
        max_pixels: int = DEFAULT_MAX_PIXELS,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
        turn: Callable[[DecodedImage], AbstractContextManager[None]] = lambda image: nullcontext(),
    ) -> RestoreReport:
        """Sharpen a file into another one; see decode_image, restore and write_image.

        Before the network starts, the place of the result is held, and its format is known to
        hold the photo. Inside of `turn` the network runs; waiting for it is not counted.
        """
        counts, place = _Pass(), Path(restored)
        format = requested_format(place, format)
        with held_place(place, overwrite=overwrite) as unfinished:
            image = decode_image(_source(blurred), max_pixels=max_pixels)
            check_output(image, format, quality)
            waiting = time.perf_counter()
            with turn(image):
                counts.started += time.perf_counter() - waiting
                image = self._restore(image, counts, on_progress, cancel, in_place=True)
            left_out = encode_file(
                image, unfinished, format=format, quality=quality, strip_metadata=strip_metadata
            )
        return self._report(replace(image, notes=(*image.notes, *left_out)), counts)

    def _report(self, image: DecodedImage, counts: _Pass) -> RestoreReport:
        plan = self.plan(image.height, image.width)
        return RestoreReport(
            model=self.spec.name,
            backend=self.backend.name,
            execution_provider=self.backend.execution_provider,
            device=self.backend.device,
            precision=self.backend.precision,
            width=image.width,
            height=image.height,
            tile=(plan.rows.side, plan.columns.side),
            tiles=len(plan),
            seconds=time.perf_counter() - counts.started,
            network_seconds=counts.network_seconds,
            changed=counts.changed,
            notes=(
                *self._origin(),
                *self.notes,
                *self.backend.notes,
                *image.notes,
                *_what_changed(counts.changed),
            ),
        )

    def _origin(self) -> list[str]:
        return [f"{self.spec.title}, licence: {self.spec.licence}"] if self.spec.by_others else []

    def _restore(
        self,
        image: DecodedImage,
        counts: _Pass,
        on_progress: OnProgress | None,
        cancel: Event | None,
        *,
        in_place: bool = False,
    ) -> DecodedImage:
        plan = self.plan(image.height, image.width)
        own = in_place and image.pixels.flags.writeable
        restored = image.pixels if own else np.empty_like(image.pixels)
        tiles = self._restored_tiles(image, plan, counts, cancel)
        bands = merged_bands(plan, _watched(tiles, len(plan), on_progress), image.pixels)
        merge_bands(plan, _compared(bands, image.pixels, counts), restored)
        image = image.with_pixels(restored)
        if counts.retried_tiles:
            note = (
                f"{counts.retried_tiles} of {len(plan)} tiles went wrong at "
                f"{self.backend.precision} and were run again at fp32"
            )
            image = replace(image, notes=(*image.notes, note))
        return image

    def _restored_tiles(
        self, image: DecodedImage, plan: TilePlan, counts: _Pass, cancel: Event | None
    ) -> Iterator[tuple[Tile, Floats]]:
        """The network has a thread of its own; this one merges the tiles before meanwhile."""
        tiles, grey = iter(plan), image.pixels.shape[2] == 1
        under_way: deque[tuple[list[Tile], Future[list[Floats]]]] = deque()
        with ThreadPoolExecutor(1) as network:
            while (group := list(islice(tiles, self.batch))) or under_way:
                if cancel is not None and cancel.is_set():
                    raise CancelledError("cancelled; nothing was written")
                if group:
                    under_way.append((group, network.submit(self._run, image, plan, group, counts)))
                if len(under_way) == 2 or not group:
                    done, outputs = under_way.popleft()
                    for tile, output in zip(done, outputs.result(), strict=True):
                        yield tile, output.mean(2, keepdims=True) if grey else output
                    del outputs, output  # a tile's floats count where photos are large

    def _run(
        self, image: DecodedImage, plan: TilePlan, group: list[Tile], counts: _Pass
    ) -> list[Floats]:
        blurred = self._encode([cut_tile(image.pixels, plan, tile) for tile in group])
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
                f"{self.spec.name} gave NaN or infinity at {full.precision}; "
                "its weights are no good"
            )
        return output

    def _plausible(self, output: Floats) -> bool:
        if self.backend.at_full_precision() is self.backend:
            return bool(np.isfinite(output).all())
        low, high = float(output.min()), float(output.max())
        return low >= -PLAUSIBLE and high <= 1 + PLAUSIBLE

    def _encode(self, tiles: list[NDArray[Any]]) -> Floats:
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


def _compared(
    bands: Iterator[NDArray[Any]], blurred: NDArray[Any], counts: _Pass
) -> Iterator[NDArray[Any]]:
    """Pass bands on, and count which share of them came out different."""
    top, different, compared = 0, 0, 0
    for band in bands:
        first, second = blurred[top : top + len(band)], band
        rows = slice(-top % 4, None, 4)
        apart = np.maximum(first[rows], second[rows]) - np.minimum(first[rows], second[rows])
        different += int(np.count_nonzero(apart >= VISIBLE * np.iinfo(band.dtype).max))
        compared, top = compared + apart.size, top + len(band)
        yield band
    counts.changed = different / compared


def _what_changed(share: float) -> list[str]:
    if share >= HARDLY:
        return []
    return [
        f"the photo came out almost unchanged ({share:.1%} of it differs visibly): it is sharp "
        "already, or blurred in a way that this model does not undo; try another model"
    ]


def _weights_of(choice: Choice) -> Path:
    return fetch_weights(choice.spec, choice.suffixes)


def _source(blurred: str | Path | bytes) -> Path | bytes:
    return Path(blurred) if isinstance(blurred, str) else blurred


def _watched(
    tiles: Iterator[tuple[Tile, Floats]], total: int, on_progress: OnProgress | None
) -> Iterator[tuple[Tile, Floats]]:
    started = time.perf_counter()
    for done, item in enumerate(tiles, 1):
        if on_progress is not None:
            elapsed = time.perf_counter() - started
            on_progress(Progress(done, total, elapsed / done * (total - done)))
        yield item
