"""Two records picture by picture: what lies between them, and whether it means anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from deblur.errors import RecordError
from deblur.records.run_result import RunResult
from deblur.records.statistics import bootstrap_interval, finite_only


@dataclass(frozen=True)
class Difference:
    """The second record less the first in one metric, over the pictures both have scores for.

    `low` and `high` are the 95 % interval of the mean difference; `wins` counts the pictures
    on which the second is better, `left_out` those without finite scores.
    """

    metric: str
    better: str
    first: float
    second: float
    mean: float
    low: float
    high: float
    count: int
    wins: int
    left_out: int

    @property
    def meaningful(self) -> bool:
        """Whether the interval keeps away from zero."""
        return self.low > 0 or self.high < 0

    def verdict(self) -> str:
        """Which is better: first, second, or neither where the difference may be chance."""
        if not self.meaningful:
            return "neither"
        return "second" if (self.mean > 0) == (self.better == "higher") else "first"


def compare(first: RunResult, second: RunResult) -> list[Difference]:
    """Paired differences in every metric that both records have finite scores in.

    Raises RecordError when they were not taken on the same pictures under the same rules.
    """
    if first.dataset.digest != second.dataset.digest:
        raise RecordError(
            f"the records are of different pictures: {first.dataset.name} ({first.dataset.digest}) "
            f"and {second.dataset.name} ({second.dataset.digest}); measure both on the same dataset"
        )
    if first.protocol_digest != second.protocol_digest:
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
    pairs = [(image.scores[metric], theirs[image.id]) for image in first.images]
    finite = [(a, b) for a, b in pairs if len(finite_only([a, b])) == 2]
    if not finite:
        return None
    differences = [b - a for a, b in finite]
    low, high = bootstrap_interval(differences)
    better = first.metrics[metric].better
    return Difference(
        metric=metric,
        better=better,
        first=sum(a for a, _ in finite) / len(finite),
        second=sum(b for _, b in finite) / len(finite),
        mean=sum(differences) / len(differences),
        low=low,
        high=high,
        count=len(finite),
        wins=sum((each > 0) if better == "higher" else (each < 0) for each in differences),
        left_out=len(pairs) - len(finite),
    )


def _changed(first: RunResult, second: RunResult) -> Iterator[str]:
    ours, theirs = first.protocol.model_dump(), second.protocol.model_dump()
    for name, value in ours.items():
        if theirs[name] != value:
            yield f"{name}: {value} and {theirs[name]}"
