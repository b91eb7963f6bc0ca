"""How each execution provider of ONNX Runtime is configured, and why.

docs/performance.md says which of them the project could run, and which are untested.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import onnxruntime
from onnxruntime.capi import _pybind_state

from deblur.backends.compiled import compiled_folder
from deblur.errors import BackendUnavailableError, WeightsCorruptError
from deblur.language import say
from deblur.onnx_file import open_session
from deblur.spec import Precision


@dataclass(frozen=True)
class Workload:
    """What a provider will be asked to run.

    Batches of up to `batch` tiles whose sides, at most `tile` pixels, are multiples of
    `multiple`; with `tile` 0, pictures of any size. `threads` is for processors.
    """

    precision: Precision = "fp32"
    tile: int = 0
    multiple: int = 1
    batch: int = 1
    threads: int | None = None
    input: str = "blurred"


class Option(NamedTuple):
    """A provider's own option, as ONNX Runtime names it, and the reason for its value."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class Provider:
    """An execution provider by ONNX Runtime's name.

    `options` gives its options; `session` are settings of the whole session; what it cannot
    run goes to the providers `below` it, by their short names.
    """

    name: str
    options: Callable[[Workload], list[Option]]
    session: Mapping[str, object] = field(default_factory=dict)
    below: tuple[str, ...] = ("cpu",)


def _tensorrt(work: Workload) -> list[Option]:
    cache = str(compiled_folder("tensorrt"))
    half, eighth = (str(int(work.precision == name)) for name in ("fp16", "int8"))
    options = [
        Option("trt_engine_cache_enable", "1", "building an engine takes minutes: once a model"),
        Option("trt_engine_cache_path", cache, "the same place from every working directory"),
        Option("trt_timing_cache_enable", "1", "another engine on this card is built faster"),
        Option("trt_timing_cache_path", cache, "beside the engines"),
        Option("trt_fp16_enable", half, "only a file that says fp16 may be rounded to it"),
        Option("trt_int8_enable", eighth, "the scales are in the file: quantize --symmetric"),
    ]
    if work.tile:
        smallest, largest = f"1x3x{work.multiple}x{work.multiple}", f"x3x{work.tile}x{work.tile}"
        for name, shape in (
            ("min", smallest),
            ("opt", f"{work.batch}{largest}"),
            ("max", f"{work.batch}{largest}"),
        ):
            reason = "one engine for every tile, the best for a full one; else each size builds one"
            options.append(Option(f"trt_profile_{name}_shapes", f"{work.input}:{shape}", reason))
    return options


def _cuda(work: Workload) -> list[Option]:
    return [
        Option(
            "cudnn_conv_algo_search",
            "HEURISTIC",
            "tiles of one photo share a size, those of the next may not: the exhaustive default "
            "times every algorithm again for each size",
        ),
        Option("cudnn_conv_use_max_workspace", "1", "the fastest algorithms need the memory"),
        Option("prefer_nhwc", "1", "tensor cores take channels last, without transposing"),
        Option("use_tf32", "0", "what is reported as fp32 is fp32; for speed there is fp16"),
        Option("arena_extend_strategy", "kSameAsRequested", "tiles have one size: no doubling"),
    ]


def _coreml(work: Workload) -> list[Option]:
    half = str(int(work.precision == "fp16"))
    return [
        Option("ModelFormat", "MLProgram", "the older NeuralNetwork format computes at fp16"),
        Option("MLComputeUnits", "ALL", "the neural engine where it takes the network"),
        Option("AllowLowPrecisionAccumulationOnGPU", half, "only where the file says fp16"),
        Option(
            "ModelCacheDirectory",
            str(compiled_folder("coreml")),
            "compiled once, not at each start",
        ),
    ]


def _openvino(work: Workload) -> list[Option]:
    options = [
        Option(
            "device_type", _openvino_device(), "AUTO may start on another device, and was slower"
        ),
        Option("precision", "ACCURACY", "the file's own; a GPU would round fp32 to fp16"),
        Option("num_streams", "1", "one tile at a time, on every core"),
        Option("cache_dir", str(compiled_folder("openvino")), "compiled once, not at each start"),
    ]
    if work.threads:
        options.append(Option("num_of_threads", str(work.threads), "as asked"))
    return options


def _directml(work: Workload) -> list[Option]:
    return [Option("performance_preference", "high_performance", "the discrete GPU of a laptop")]


def _none(work: Workload) -> list[Option]:
    return []


_SEQUENTIAL = onnxruntime.ExecutionMode.ORT_SEQUENTIAL

PROVIDERS = {
    "tensorrt": Provider("TensorrtExecutionProvider", _tensorrt, below=("cuda", "cpu")),
    "cuda": Provider("CUDAExecutionProvider", _cuda),
    "coreml": Provider("CoreMLExecutionProvider", _coreml),
    "openvino": Provider("OpenVINOExecutionProvider", _openvino),
    # DirectML refuses to run otherwise.
    "directml": Provider(
        "DmlExecutionProvider",
        _directml,
        {"enable_mem_pattern": False, "execution_mode": _SEQUENTIAL},
    ),
    # ONNX Runtime's defaults are the fastest: `python -m benchmarks tuning` compares them.
    "cpu": Provider("CPUExecutionProvider", _none, below=()),
}
"""Every provider by its short name, the preferred ones first."""


def available_providers() -> tuple[str, ...]:
    """Short names of the providers installed here, the preferred ones first."""
    installed = onnxruntime.get_available_providers()
    return tuple(name for name, provider in PROVIDERS.items() if provider.name in installed)


def open_on(
    path: Path, device: str, work: Workload
) -> tuple[onnxruntime.InferenceSession, tuple[str, ...]]:
    """A session on the provider of that short name, and notes about options that it refused.

    An option that the installed version does not know is left out and noted. Raises
    BackendUnavailableError when the provider is not here or does not start,
    WeightsCorruptError when the processor cannot load the file.
    """
    if device not in available_providers():
        here = ", ".join(("auto", *available_providers()))
        raise BackendUnavailableError(
            say(
                "ONNX Runtime has no device {device} on this machine; choose one of: {devices}",
                device=repr(device),
                devices=here,
            )
        )
    provider = PROVIDERS[device]
    try:
        session, refused = _open(path, provider, work)
    except WeightsCorruptError as error:
        if device == "cpu":
            raise
        raise BackendUnavailableError(
            say("{provider} did not start: {reason}", provider=provider.name, reason=error)
        ) from error
    if session.get_providers()[0] != provider.name:
        raise BackendUnavailableError(
            say(
                "{provider} is installed but did not start (its driver or libraries are missing)",
                provider=provider.name,
            )
        )
    return session, tuple(
        say(
            "ONNX Runtime {version} does not take {option} for {device} ({reason})",
            version=onnxruntime.__version__,
            option=f"{option.name}={option.value}",
            device=device,
            reason=option.reason,
        )
        for option in refused
    )


def _open(
    path: Path, provider: Provider, work: Workload
) -> tuple[onnxruntime.InferenceSession, list[Option]]:
    """Open with all options; without those that ONNX Runtime names in its refusal."""
    below = [PROVIDERS[name] for name in provider.below if name in available_providers()]
    chain = {each.name: each.options(work) for each in (provider, *below)}
    refused: list[Option] = []
    while True:
        given = [(name, {o.name: o.value for o in options}) for name, options in chain.items()]
        try:
            session = open_session(path, given, work.threads, provider.session)
        except WeightsCorruptError as error:
            named = [o for options in chain.values() for o in options if o.name in str(error)]
            if not named:
                raise
            chain = {
                name: [option for option in options if option not in named]
                for name, options in chain.items()
            }
            refused += named
        else:
            known = session.get_provider_options().get(provider.name)
            ignored = [o for o in chain[provider.name] if known and o.name not in known]
            return session, refused + ignored


def _openvino_device() -> str:
    """An Intel GPU where there is one, else the processor."""
    listing = getattr(_pybind_state, "get_available_openvino_device_ids", lambda: ["CPU"])
    return next((str(name) for name in listing() if name.startswith("GPU")), "CPU")
