"""fp32 on CUDA is fp32: torch's TF32 is off while a network runs, and back on afterwards."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import torch

from deblur.backends import Wishes, choices, open_backend
from deblur.backends.torch_backend import EXACT_CONVOLUTIONS, TorchBackend
from deblur.catalog import CATALOG
from deblur.weights import fetch_weights


def setting() -> str:
    return str(torch.backends.cudnn.conv.fp32_precision)  # type: ignore[attr-defined]


def test_a_network_runs_without_tf32_and_leaves_the_setting() -> None:
    choice = choices(CATALOG["srcnn"], Wishes("torch", "cpu"))[0]
    backend = open_backend(choice, fetch_weights(choice.spec, choice.suffixes))
    assert isinstance(backend, TorchBackend)
    seen: list[str] = []
    backend._network.register_forward_pre_hook(lambda *_: seen.append(setting()))
    before = setting()
    assert before != "ieee"
    backend.run(np.zeros((1, 3, 16, 16), np.float32))
    assert seen == ["ieee"]
    assert setting() == before


def test_the_last_thread_gives_the_setting_back() -> None:
    before, together = setting(), Barrier(4)

    def run(_: int) -> set[str]:
        seen = set()
        for _ in range(50):
            together.wait()
            with EXACT_CONVOLUTIONS():
                seen.add(setting())
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert {*pool.map(frozenset, pool.map(run, range(4)))} == {frozenset({"ieee"})}
    assert setting() == before
