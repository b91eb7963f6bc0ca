"""What restoring costs: time, memory and energy, measured alone in a process of its own."""

import statistics
import time
from pathlib import Path

from benchmarks.costs.timing import in_own_process
from benchmarks.datasets import Dataset
from benchmarks.datasets.items import LoadedItem
from benchmarks.methods import Method, MethodChoice
from deblur.records.protocol import EvalProtocol
from deblur.records.run_result import CostRecord

PICTURES = 5
"""Number of different pictures that are restored in turn."""
MIN_RUNS, MIN_SECONDS = 3, 6.0
"""The least number of restorations, and the least time in seconds."""

_RAPL = Path("/sys/class/powercap/intel-rapl:0")


def measure_cost(choice: MethodChoice, dataset: Dataset, protocol: EvalProtocol) -> CostRecord:
    """Restore some pictures of a dataset, again and again, with nothing else in the process.

    Raises what loading the model or the pictures raises.
    """
    cost, peak = in_own_process(_measure, choice, dataset, protocol)
    return cost.model_copy(update={"peak_memory_bytes": round(peak * 1e6)})


def _measure(choice: MethodChoice, dataset: Dataset, protocol: EvalProtocol) -> CostRecord:
    method = choice.open()
    step = max(1, len(dataset.items) // PICTURES)
    items = [dataset.load(item) for item in dataset.items[::step][:PICTURES]]
    for _ in range(protocol.warm_up):
        method.restore(items[0])
    energy, seconds, pixels = energy_counter(), list[float](), 0.0
    started = time.perf_counter()
    while len(seconds) < MIN_RUNS or time.perf_counter() - started < MIN_SECONDS:
        item = items[len(seconds) % len(items)]
        seconds.append(_seconds_per_megapixel(method, item))
        pixels += item.blurred.megapixels
    joules = energy_counter()
    quartiles = statistics.quantiles(seconds, n=4)
    return CostRecord(
        seconds_per_megapixel=statistics.median(seconds),
        spread=(quartiles[2] - quartiles[0]) / 2,
        repetitions=len(seconds),
        megapixels=pixels,
        peak_memory_bytes=0,
        device_memory_bytes=_device_memory(method),
        joules_per_megapixel=None
        if energy is None or joules is None or joules < energy
        else (joules - energy) / pixels,
    )


def _seconds_per_megapixel(method: Method, item: LoadedItem) -> float:
    """The restored pixels are in memory when it returns, so a GPU has finished."""
    started = time.perf_counter()
    method.restore(item)
    return (time.perf_counter() - started) / item.blurred.megapixels


def energy_counter(zone: Path = _RAPL) -> float | None:
    """Joules that the processor has used since some moment; None where the machine keeps quiet."""
    try:
        return int((zone / "energy_uj").read_text()) / 1e6
    except (OSError, ValueError):
        return None


def _device_memory(method: Method) -> int | None:
    if (method.engine.backend, method.engine.device) != ("torch", "cuda"):
        return None
    import torch

    return int(torch.cuda.max_memory_allocated())
