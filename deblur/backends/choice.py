"""Which engine runs a model: decided from what is asked for and what is here, before it starts."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from deblur.backends.engines import ENGINES, PREFERENCE, available_engines, quick_precisions
from deblur.backends.tuned import seconds_measured
from deblur.errors import BackendUnavailableError
from deblur.extras import how_to_install
from deblur.language import say
from deblur.spec import ModelSpec, Precision, TilingPolicy
from deblur.tiling import check_policy

_WHOLE_PHOTO = 1 << 30


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for; `auto` and None leave it open.

    Without a `precision` it is the model's own, or one that nobody sees a difference to; `fast`
    also takes those that come near it. `tile` is the side of the tiles in pixels, 0 for the photo
    as a whole; `threads` are for processors.
    """

    engine: str = "auto"
    device: str = "auto"
    precision: Precision | None = None
    tile: int | None = None
    threads: int | None = None
    fast: bool = False


@dataclass(frozen=True)
class Choice:
    """One way to run a model: `spec` names the files of weights at that precision."""

    spec: ModelSpec
    engine: str
    device: str
    precision: Precision
    tiling: TilingPolicy
    threads: int | None = None

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The kinds of files that its engine takes."""
        return ENGINES[self.engine].suffixes


def choices(spec: ModelSpec, wishes: Wishes) -> list[Choice]:
    """Every way to run a model that fulfils all wishes at once, the preferred one first.

    What `tune` measured here comes before what is only known in general. Devices that could not
    start may be among them: the caller that opens them continues with the next. Raises
    BackendUnavailableError, naming what there is, when there is none, and TileError for tiles
    that are too small.
    """
    precision = wishes.precision or spec.precisions[0]
    tiling = tiling_of(spec, wishes.tile)
    _check_names(spec, wishes, precision)
    found = [
        Choice(spec.variant(each), engine, device, each, tiling, wishes.threads)
        for engine, device, each in _fitting(spec, wishes)
    ]
    if not found:
        raise BackendUnavailableError(_why_none(spec, wishes, precision))
    measured = seconds_measured(spec)
    return sorted(
        found,
        key=lambda way: measured.get((way.engine, way.device, way.precision), math.inf),
    )


def tiling_of(spec: ModelSpec, tile: int | None) -> TilingPolicy:
    """The model's own tiles, or those of another side. Raises TileError when they are too small."""
    side = spec.tiling.tile if tile is None else tile
    policy = replace(spec.tiling, tile=side or _WHOLE_PHOTO)
    check_policy(policy, spec.size_multiple)
    return policy


def _fitting(spec: ModelSpec, wishes: Wishes) -> Iterator[tuple[str, str, Precision]]:
    engines = _engines(spec, wishes)
    here: dict[str, tuple[str, ...]] = {}
    for engine, device in _preference(spec):
        if engine not in engines or wishes.device not in ("auto", device):
            continue
        for precision in _precisions(spec, wishes, engine, device):
            if not ENGINES[engine].runs(spec, precision, device):
                continue
            if engine not in here:
                here[engine] = ENGINES[engine].devices()
            if device in here[engine]:
                yield engine, device, precision


def _preference(spec: ModelSpec) -> list[tuple[str, str]]:
    """What others made was seen to run in ONNX Runtime, and gains little elsewhere."""
    return sorted(PREFERENCE, key=lambda way: spec.by_others and way[0] == "openvino")


def _precisions(spec: ModelSpec, wishes: Wishes, engine: str, device: str) -> tuple[Precision, ...]:
    """At which an engine on a device is to be tried, the fastest first."""
    if wishes.precision:
        return (wishes.precision,)
    unseen: tuple[Precision, ...] = ("bf16",) if engine == "openvino" else ()
    quick = quick_precisions(engine, device) if wishes.fast else unseen
    offered = (each for each in quick if each in spec.precisions)
    return tuple(dict.fromkeys((*offered, spec.precisions[0])))


def _engines(spec: ModelSpec, wishes: Wishes) -> list[str]:
    """Those that are here and asked for; of these, if there are any, those with weights."""
    asked = [
        name
        for name, engine in ENGINES.items()
        if wishes.engine in ("auto", name) and engine.is_installed()
    ]
    return [name for name in asked if ENGINES[name].has_weights_of(spec)] or asked


def _check_names(spec: ModelSpec, wishes: Wishes, precision: Precision) -> None:
    """Raises BackendUnavailableError for an engine or a precision that is not to be had at all."""
    if precision not in spec.precisions:
        making = _making(spec, precision) if precision == "int8" else ""
        runs = say(
            "{model} runs at {precisions}, not at {asked}",
            model=spec.name,
            precisions=", ".join(spec.precisions),
            asked=precision,
        )
        raise BackendUnavailableError(runs + making)
    if wishes.engine == "auto":
        return
    engine = ENGINES.get(wishes.engine)
    if engine is None or not engine.is_installed():
        there = ", ".join(name for name, each in ENGINES.items() if each.is_installed())
        brings = (
            say("; it comes with {command}", command=how_to_install(engine.extra))
            if engine and engine.extra
            else ""
        )
        missing = say(
            "the engine {engine} is not on this machine; there is: {there}",
            engine=repr(wishes.engine),
            there=there,
        )
        raise BackendUnavailableError(missing + brings)


def _why_none(spec: ModelSpec, wishes: Wishes, precision: Precision) -> str:
    engines = _engines(spec, wishes)
    devices = sorted({device for name in engines for device in ENGINES[name].devices()})
    if wishes.device not in ("auto", *devices):
        return say(
            "there is no device {device} for {engines} on this machine; choose one of: {devices}",
            device=repr(wishes.device),
            engines=", ".join(engines),
            devices=", ".join(("auto", *devices)),
        )
    ways = [
        say("{engine} on {device}", engine=name, device=device)
        for name, there in available_engines().items()
        for device in there
        if ENGINES[name].has_weights_of(spec) and ENGINES[name].runs(spec, precision, device)
    ]
    asked = [each for each in (wishes.engine, wishes.device) if each != "auto"]
    told = (
        say(
            "{model} does not run at {precision} with {asked}",
            model=spec.name,
            precision=precision,
            asked=", ".join(asked),
        )
        if asked
        else say("{model} does not run at {precision}", model=spec.name, precision=precision)
    )
    offered = say("; here {ways} does", ways=say(" or ").join(ways)) if ways else ""
    return f"{told}{offered}{_making(spec, precision)}"


def _making(spec: ModelSpec, precision: Precision) -> str:
    """How to get a file that runs at a precision, where one can be made."""
    if precision not in ("int8", "fp16") or spec.by_others:
        return ""
    making = f"python -m deblur quantize {spec.name} --precision {precision} -o FILE.onnx"
    return say("; `{command}` makes a file that does", command=making)
