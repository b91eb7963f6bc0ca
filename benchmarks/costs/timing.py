"""Clocks and memory: what a piece of work costs on this machine."""

import multiprocessing
import re
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil

from deblur.crews.processes import end_with_parent

Result = TypeVar("Result")


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: median, and spread as half the distance between the quartiles."""

    median: float
    spread: float


def time_calls(call: Callable[[], object], *, seconds: float = 6.0, least: int = 5) -> Timing:
    """Time a call again and again for `seconds`, at least `least` times, after a warm-up."""
    call()
    taken: list[float] = []
    while len(taken) < least or sum(taken) < seconds:
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    quartiles = statistics.quantiles(taken, n=4)
    return Timing(statistics.median(taken), (quartiles[2] - quartiles[0]) / 2)


def matrix_product_rate(side: int = 2048) -> float:
    """GFLOP/s of a float32 matrix product in NumPy, the yardstick of the machine."""
    random = np.random.default_rng(0)
    left, right = random.random((2, side, side), dtype=np.float32)
    timing = time_calls(lambda: left @ right, seconds=2.0)
    return 2 * side**3 / timing.median / 1e9


def in_own_process(work: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    """The result of `work` in a fresh process, and that process's peak memory in MB."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=end_with_parent) as pool:
        return pool.submit(_with_peak_memory, work, arguments).result()


def _with_peak_memory(
    work: Callable[..., Result], arguments: tuple[Any, ...]
) -> tuple[Result, float]:
    return work(*arguments), peak_memory_mb()


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB (1e6 bytes).

    psutil knows a peak on Windows only, and `resource` is not there. Linux's `ru_maxrss` starts
    from what the parent process held, so /proc is asked first.
    """
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 1e6
    status = Path("/proc/self/status")
    if status.exists():
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if peak:
            return int(peak[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
