"""Two records picture by picture: what lies between them, and whether it means anything."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deblur.errors import RecordError
from deblur.records.run_result import RunResult
from deblur.records.statistics import differences, mean_interval, smallest_shown


@dataclass(frozen=True)
class Difference:
    """The second record less the first in one metric, over the pictures both have scores for.

    `low` and `high` are the 95 % interval of the mean difference, `sign` is that of a difference
    that means something by `statistics.differences`, else 0. `wins` counts the pictures on which
    the second is better by what shows, `left_out` those without finite scores.
    """

    metric: str
    better: str
    first: float
    second: float
    mean: float
    low: float
    high: float
    sign: int
    count: int
    wins: int
    left_out: int

    @property
    def meaningful(self) -> bool:
        """Whether the difference is neither chance nor too small to show."""
        return self.sign != 0

    def verdict(self) -> str:
        """Which is better: first, second, or neither where the difference may be chance."""
        if not self.meaningful:
            return "neither"
        return "second" if (self.sign > 0) == (self.better == "higher") else "first"


def compare(first: RunResult, second: RunResult) -> list[Difference]:
    """Paired differences in every metric that both records have finite scores in.

    Raises RecordError when they were not taken on the same pictures under the same rules.
    """
    if first.dataset.digest != second.dataset.digest:
        raise RecordError(
            f"the records are of different pictures: {first.dataset.name} ({first.dataset.digest}) "
            f"and {second.dataset.name} ({second.dataset.digest}); measure both on the same dataset"
        )
    if first.rules != second.rules:
        raise RecordError(
            f"the records were taken under different rules ({', '.join(_changed(first, second))}); "
            "scores compare within one protocol only"
        )
    shared = [name for name in first.metrics if second.metrics.get(name) == first.metrics[name]]
    if not shared:
        raise RecordError("the records have no metric in common")
    found = [_difference(first, second, metric) for metric in shared]
    differences = [each for each in found if each is not None]
    if not differences:
        raise RecordError(f"no picture has a finite {' or '.join(shared)} in both records")
    return differences


def _difference(first: RunResult, second: RunResult, metric: str) -> Difference | None:
    """None where no picture has a finite score in both, as `change` of the blurred pictures."""
    theirs = {image.id: image.scores[metric] for image in second.images}
    scores = np.array(
        [
            [image.scores[metric] for image in first.images],
            [theirs[each.id] for each in first.images],
        ]
    )
    finite = scores[:, np.isfinite(scores).all(0)]
    if not finite.size:
        return None
    described = first.metrics[metric]
    apart = finite[1] - finite[0]
    low, high = mean_interval(apart.tolist())
    gains = apart if described.better == "higher" else -apart
    return Difference(
        metric=metric,
        better=described.better,
        first=float(finite[0].mean()),
        second=float(finite[1].mean()),
        mean=float(apart.mean()),
        low=low,
        high=high,
        sign=int(differences(scores, described.digits)[1, 0]),
        count=len(apart),
        wins=int((gains >= smallest_shown(described.digits)).sum()),
        left_out=scores.shape[1] - len(apart),
    )


def _changed(first: RunResult, second: RunResult) -> Iterator[str]:
    ours, theirs = (each.protocol.model_dump(exclude={"precision"}) for each in (first, second))
    for name, value in ours.items():
        if theirs[name] != value:
            yield f"{name}: {value} and {theirs[name]}"
