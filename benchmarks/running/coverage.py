"""Whether the statistics keep their word, tried on made-up scores of which the truth is known."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from deblur.records.statistics import differences, mean_interval

Draw = Callable[[Generator, tuple[int, ...]], NDArray[np.float64]]

SHAPES: Mapping[str, Draw] = {
    "normal": lambda random, size: random.normal(size=size),
    "heavy tails": lambda random, size: random.standard_t(3, size),
    "skewed": lambda random, size: random.exponential(size=size) - 1,
}
"""What a model's score on a picture is off its mean by, with the mean 0: normal, Student's t of
three degrees of freedom, exponential."""

PICTURES = (2, 3, 5, 10, 25, 100)
MODELS = 10
DIGITS = 4


@dataclass(frozen=True)
class Coverage:
    """Coverage over `trials` datasets of `pictures` pictures whose scores have a `shape`.

    `covered` is the share of 95 % intervals that held the true mean difference of two models, and
    `false_ranks` the share of boards of MODELS equally good models that had more than one rank.
    """

    shape: str
    pictures: int
    trials: int
    covered: float
    false_ranks: float


def measure_coverage(trials: int, seed: int = 0) -> Iterator[Coverage]:
    """Try every shape with every number of PICTURES; the same for the same seed."""
    for shape, draw in SHAPES.items():
        for pictures in PICTURES:
            random = np.random.default_rng((seed, pictures))
            yield Coverage(
                shape,
                pictures,
                trials,
                covered=sum(_holds(draw(random, (pictures,))) for _ in range(trials)) / trials,
                false_ranks=sum(_has_ranks(draw, random, pictures) for _ in range(trials)) / trials,
            )


def _holds(off: NDArray[np.float64]) -> bool:
    low, high = mean_interval(off.tolist())
    return low <= 0 <= high


def _has_ranks(draw: Draw, random: Generator, pictures: int) -> bool:
    """Every second model's scores are off the other way, so that skewed ones differ askew."""
    off = draw(random, (MODELS, pictures))
    off[::2] *= -1
    scores = random.normal(0, 3, pictures) + off
    leader = scores.mean(1).argmax()
    return bool((differences(scores, DIGITS)[leader] > 0).any())
