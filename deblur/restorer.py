"""The one pipeline from pixels to pixels, and the only place that knows its order.

decode -> diagnose -> guide -> tiles -> networks -> merge -> diagnose -> encode
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event, Lock

import numpy as np

from deblur.backends import Wishes
from deblur.catalog import AUTO, GENERAL_MODEL
from deblur.color import blended, check_strength
from deblur.diagnosis import Diagnosis, diagnose
from deblur.errors import CancelledError
from deblur.image_io import (
    DEFAULT_MAX_PIXELS,
    DecodedImage,
    check_output,
    decode_image,
    encode_file,
    held_place,
    requested_format,
    take_after,
)
from deblur.language import say, spoken_in, spoken_now
from deblur.restoring.guide import Guidance, guide
from deblur.restoring.mixture import restore_mixed
from deblur.restoring.reduction import reduced, reduced_size, sharpened_bands
from deblur.restoring.report import Comparison, RestoreReport, sharper_share
from deblur.restoring.tiled_network import Counts, Floats, Integers, TiledNetwork
from deblur.spec import Precision
from deblur.tiling import Tile, TilePlan, cut_tile, merge_bands, merged_bands, stack_bands

__all__ = ["Progress", "RestoreReport", "Restorer"]


@dataclass(frozen=True)
class Progress:
    """How far a photo is; `seconds_left` is extrapolated from the tiles so far.

    Of a slow model it is told before the first tile, too.
    """

    tiles_done: int
    tiles: int
    seconds_left: float


OnProgress = Callable[[Progress], None]
OpenNetwork = Callable[[str], TiledNetwork]
Turn = Callable[[DecodedImage], AbstractContextManager[None]]


@dataclass
class _Pass:
    """What is wanted of one photo, and what is counted while it goes through."""

    strength: float
    on_progress: OnProgress | None
    cancel: Event | None
    in_place: bool = False
    diagnosing_threads: int | None = None
    counts: Counts = field(default_factory=Counts)
    comparison: Comparison = field(default_factory=Comparison)

    def __post_init__(self) -> None:
        check_strength(self.strength)

    def check_cancelled(self) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise CancelledError(say("cancelled; nothing was written"))


class Restorer:
    """Photos through a network, or through those that are picked. Safe to share between threads.

    With `open_other`, which opens a model by its name, the diagnosis of each photo picks among
    models, of which `network` is the general one; without, all photos go through `network`. A
    diagnosis runs on `threads` cores, None being all.
    """

    def __init__(
        self,
        network: TiledNetwork,
        open_other: OpenNetwork | None = None,
        threads: int | None = None,
    ) -> None:
        self.network, self.threads = network, threads
        self._open_other, self._opening = open_other, Lock()
        self._networks = {network.spec.name: network}

    @classmethod
    def open(
        cls,
        model: str = AUTO,
        *,
        engine: str = "auto",
        device: str = "auto",
        precision: Precision | None = None,
        tile: int | None = None,
        threads: int | None = None,
        fast: bool = False,
    ) -> "Restorer":
        """Open a model by its name, or AUTO, which picks among models for each photo.

        `precision` None is the model's own, fp32 or what its file was quantised to, or bf16 where
        that is faster here and nobody sees a difference; `fast` also takes int8, or what else
        comes near. What is `auto` gives way to what is asked for; a device that does not start is
        noted, and the next one is taken. Raises the ModelError or BackendError that says what is
        missing, TileError for too small a tile.
        """
        open_one = partial(
            TiledNetwork.open, wishes=Wishes(engine, device, precision, tile, threads, fast)
        )
        if model == AUTO:
            return cls(open_one(GENERAL_MODEL), open_one, threads)
        return cls(open_one(model), threads=threads)

    @property
    def picks(self) -> bool:
        """Whether the diagnosis of a photo picks what restores it."""
        return self._open_other is not None

    def plan(self, height: int, width: int, reduction: int = 1) -> TilePlan:
        """How a photo of that size is tiled, where the network sees it at 1 / `reduction` of it."""
        return self.network.plan(*reduced_size(height, width, reduction))

    def restore(
        self,
        image: DecodedImage,
        *,
        strength: float = 100.0,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
        reduction: int = 1,
    ) -> DecodedImage:
        """Sharpen a photo: same size, depth, channels and metadata; alpha passes untouched.

        `strength` is how much of the result there is, in percent: the rest is the photo itself.
        A network that is not picked by the diagnosis sees the photo at 1 / `reduction` of its size.
        Raises CancelledError soon after `cancel` is set, NonFiniteOutputError when the
        network gives NaN at full precision.
        """
        wanted = _Pass(strength, on_progress, cancel)
        if self.picks:
            guidance = guide(self._diagnosis(image, wanted))
        else:
            guidance = Guidance.whole(self.network.spec.name, reduction=reduction)
        return self._restore(image, guidance, wanted)

    def restore_reported(
        self,
        image: DecodedImage,
        *,
        strength: float = 100.0,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
        found: Diagnosis | None = None,
    ) -> tuple[DecodedImage, RestoreReport]:
        """As `restore`, with the report of what was found, what ran and what changed.

        `found` is the photo's diagnosis, where somebody has made it already.
        """
        wanted = _Pass(strength, on_progress, cancel)
        before = found or self._diagnosis(image, wanted)
        guidance = self._guidance(before)
        restored = self._restore(image, guidance, wanted)
        return restored, self._report(restored, before, guidance, wanted)

    def restore_file(
        self,
        blurred: str | Path | bytes,
        restored: str | Path,
        *,
        format: str | None = None,
        quality: int | None = None,
        strip_metadata: bool = False,
        keep_times: bool = False,
        overwrite: bool = False,
        max_pixels: int = DEFAULT_MAX_PIXELS,
        strength: float = 100.0,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
        turn: Turn | None = None,
    ) -> RestoreReport:
        """Sharpen a file into another one; see decode_image, restore and write_image.

        Before the network starts, the place of the result is held, and its format is known to
        hold the photo. The result has the photo's mode, and with `keep_times` its dates. The result
        is diagnosed while it is encoded. Where there is a `turn`, other photos are at work, too:
        inside of it the photo is restored; waiting for it is not counted, and a
        diagnosis takes one core.
        """
        wanted = _Pass(
            strength, on_progress, cancel, in_place=True, diagnosing_threads=1 if turn else None
        )
        place = Path(restored)
        format = requested_format(place, format)
        with held_place(place, overwrite=overwrite) as unfinished:
            image = decode_image(_source(blurred), max_pixels=max_pixels)
            check_output(image, format, quality)
            before = self._diagnosis(image, wanted)
            guidance, waiting = self._guidance(before), time.perf_counter()
            with turn(image) if turn else nullcontext():
                wanted.counts.started += time.perf_counter() - waiting
                image = self._restore(image, guidance, wanted)
            reported: Callable[..., RestoreReport] = spoken_in(spoken_now(), self._report)
            with ThreadPoolExecutor(1) as beside:
                told = beside.submit(reported, image, before, guidance, wanted)
                left_out = encode_file(
                    image, unfinished, format=format, quality=quality, strip_metadata=strip_metadata
                )
                report = told.result()
            if not isinstance(blurred, bytes):
                take_after(Path(blurred), unfinished, times=keep_times)
        seconds = time.perf_counter() - wanted.counts.started
        return replace(report, seconds=seconds, notes=(*report.notes, *left_out))

    def _diagnosis(
        self, image: DecodedImage, wanted: _Pass, reduction: int | None = None
    ) -> Diagnosis:
        threads = wanted.diagnosing_threads or self.threads
        return diagnose(image, threads=threads, reduction=reduction)

    def _afterwards(
        self, restored: DecodedImage, before: Diagnosis, wanted: _Pass
    ) -> tuple[Diagnosis, Diagnosis]:
        """The diagnosis of the result, and what shows at the size of the one before."""
        compared = self._diagnosis(restored, wanted, before.reduction)
        if before.reduction == 1:
            return compared, compared
        return self._diagnosis(restored, wanted), compared

    def _guidance(self, found: Diagnosis) -> Guidance:
        return guide(found) if self.picks else Guidance.whole(self.network.spec.name)

    def _named(self, name: str) -> TiledNetwork:
        with self._opening:
            if name not in self._networks:
                assert self._open_other is not None
                self._networks[name] = self._open_other(name)
            return self._networks[name]

    def _report(
        self, restored: DecodedImage, before: Diagnosis, guidance: Guidance, wanted: _Pass
    ) -> RestoreReport:
        plan = self.plan(restored.height, restored.width, guidance.reduction)
        ran = [self._named(name) for name in guidance.models]
        after, compared = self._afterwards(restored, before, wanted) if ran else (before, before)
        backend = (ran[0] if ran else self.network).backend
        change = wanted.comparison.change
        return RestoreReport(
            models=guidance.models,
            picked=self.picks,
            reduction=guidance.reduction,
            backend=backend.name,
            execution_provider=backend.execution_provider,
            device=backend.device,
            precision=backend.precision,
            width=restored.width,
            height=restored.height,
            tile=(guidance.reduction * plan.rows.side, guidance.reduction * plan.columns.side),
            tiles=len(plan),
            seconds=time.perf_counter() - wanted.counts.started,
            network_seconds=wanted.counts.network_seconds,
            before=before,
            after=after,
            changed=change.visible,
            mean_change=change.mean,
            sharper=sharper_share(before, compared),
            notes=(*_unique_notes(ran), *restored.notes),
        )

    def _restore(self, image: DecodedImage, guidance: Guidance, wanted: _Pass) -> DecodedImage:
        plan = self.plan(image.height, image.width, guidance.reduction)
        tell = wanted.on_progress
        seen = reduced(image.pixels, guidance.reduction)
        if tell is not None and self.network.is_slow:
            tell(Progress(0, len(plan), self.network.expected_seconds(plan)))
        tiles = _watched(self._restored_tiles(seen, plan, guidance, wanted), len(plan), tell)
        bands = merged_bands(plan, tiles, seen)
        own = wanted.in_place and image.pixels.flags.writeable
        restored = image.pixels if own else np.empty_like(image.pixels)
        if guidance.reduction == 1:
            merge_bands(plan, _finished(bands, image.pixels, wanted), restored)
        else:
            bands = sharpened_bands(image.pixels, seen, bands, guidance.reduction)
            stack_bands(_finished(bands, image.pixels, wanted), restored)
        image = image.with_pixels(restored)
        if wanted.counts.retried_tiles:
            note = say(
                "{count} of {all} tiles went wrong at {precision} and were run again at fp32",
                count=wanted.counts.retried_tiles,
                all=len(plan),
                precision=self.network.backend.precision,
            )
            image = replace(image, notes=(*image.notes, note))
        return image

    def _restored_tiles(
        self, seen: Integers, plan: TilePlan, guidance: Guidance, wanted: _Pass
    ) -> Iterator[tuple[Tile, Floats]]:
        """The networks have a thread of their own; this one merges the tiles before meanwhile."""
        networks = [self._named(name) for name in guidance.models]
        tiles, grey = iter(plan), seen.shape[2] == 1
        under_way: deque[tuple[list[Tile], Future[list[Floats]]]] = deque()

        def run(group: list[Tile]) -> list[Floats]:
            cut = [cut_tile(seen, plan, tile) for tile in group]
            if len(networks) == 1 and guidance.is_whole:
                return networks[0].restore(cut, wanted.counts)
            parts = [_parts_in(guidance, plan, tile) for tile in group]
            return restore_mixed(cut, parts, networks, wanted.counts)

        run_here = spoken_in(spoken_now(), run)
        with ThreadPoolExecutor(1) as beside:
            while (group := list(islice(tiles, self.network.batch))) or under_way:
                wanted.check_cancelled()
                if group:
                    under_way.append((group, beside.submit(run_here, group)))
                if len(under_way) == 2 or not group:
                    done, outputs = under_way.popleft()
                    for tile, output in zip(done, outputs.result(), strict=True):
                        yield tile, output.mean(2, keepdims=True) if grey else output
                    del outputs, output  # a tile's floats count where photos are large


def _finished(bands: Iterable[Integers], before: Integers, wanted: _Pass) -> Iterator[Integers]:
    """Bands that lie below each other, mixed and compared with the picture that came."""
    top = 0
    for band in bands:
        wanted.check_cancelled()
        came = before[top : top + len(band)]
        mixed = blended(came, band, wanted.strength)
        wanted.comparison.add(top, came, mixed)
        yield mixed
        top += len(band)


def _parts_in(guidance: Guidance, plan: TilePlan, tile: Tile) -> Floats:
    top, left = plan.rows.starts[tile.row], plan.columns.starts[tile.column]
    return guidance.at(top, left, plan.rows.side, plan.columns.side)


def _unique_notes(networks: Sequence[TiledNetwork]) -> list[str]:
    """What is to be said of the networks that ran, each sentence once."""
    notes = (
        note
        for network in networks
        for note in (*_origin(network), *network.notes, *network.backend.notes)
    )
    return list(dict.fromkeys(notes))


def _origin(network: TiledNetwork) -> list[str]:
    spec = network.spec
    return [f"{spec.title}, licence: {spec.licence}"] if spec.by_others else []


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
