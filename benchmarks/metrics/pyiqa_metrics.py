"""Any other metric of pyiqa, by its name there, with the weights that pyiqa fetches."""

import importlib.util
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import MetricError

_OF_SETS = {"fid", "sfid", "fid_dinov2", "inception_score"}
"""These judge a whole set of pictures, not one."""


@dataclass(frozen=True)
class PyiqaMetric:
    """A metric of pyiqa; its network is made, and its weights fetched, when first asked for."""

    name: str
    needs_sharp: bool
    lower_is_better: bool

    def fetch(self) -> None:
        """Make the network now. Raises MetricError when its weights are not available."""
        _network(self.name)

    def score(self, restored: NDArray[Any], sharp: NDArray[Any] | None = None) -> float:
        """Judge RGB (h, w, 3) in [0, 255]. Raises MetricError without the weights."""
        import torch

        network = _network(self.name)
        pictures = [_tensor(each) for each in (restored, sharp) if each is not None]
        with torch.inference_mode():
            return float(network(*pictures))


def find_pyiqa_metric(name: str) -> PyiqaMetric | None:
    """What pyiqa knows under that name, if it is installed and knows it."""
    if importlib.util.find_spec("pyiqa") is None:
        return None
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    if name not in DEFAULT_CONFIGS or name in _OF_SETS:
        return None
    settings = DEFAULT_CONFIGS[name]
    return PyiqaMetric(name, settings["metric_mode"] == "FR", settings.get("lower_better", False))


@cache
def _network(name: str) -> Any:
    import pyiqa
    import torch

    try:
        return pyiqa.create_metric(name, device=torch.device("cpu"))
    except Exception as error:  # pyiqa and what it fetches with raise all sorts of things
        raise MetricError(
            f"pyiqa cannot set up {name} ({error}); if that is for weights which could not be "
            "fetched, connect this machine to the network once, or leave the metric out with "
            "--metrics"
        ) from error


def _tensor(pixels: NDArray[Any]) -> Any:
    import torch

    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
    return torch.from_numpy(planes / 255)
