"""What a field may be, written beside its type."""

import math
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from deblur.errors import ConfigError
from deblur.limits import Count, Limits, Natural, Positive, Share, check_limits


@dataclass(frozen=True)
class Record:
    count: Count = 1
    natural: Natural = 0
    positive: Positive = 0.5
    share: Share = 1.0
    open_above: Annotated[float, Limits(0, 1)] = 0.0
    unbounded: Annotated[float, Limits(0, brackets="(]")] = math.inf
    pair: Annotated[tuple[float, float], Limits(1, 5, "[]")] = (1.0, 5.0)
    free: float = -7.0

    def __post_init__(self) -> None:
        check_limits(self, "place.")


def test_what_lies_within_its_limits_is_taken() -> None:
    Record()
    Record(count=9, natural=3, share=0.0, open_above=0.999, unbounded=1e-9, pair=(2.0, 2.0))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"count": 0}, "place.count: expected a number at least 1, not 0"),
        ({"natural": -1}, "place.natural: expected a number at least 0, not -1"),
        ({"positive": 0.0}, "place.positive: expected a number above 0, not 0.0"),
        ({"positive": math.inf}, "place.positive: expected a finite number above 0, not inf"),
        ({"positive": math.nan}, "place.positive: expected a finite number above 0, not nan"),
        ({"share": 1.1}, "place.share: expected a number in [0, 1], not 1.1"),
        ({"open_above": 1.0}, "place.open_above: expected a number in [0, 1), not 1.0"),
        ({"unbounded": 0.0}, "place.unbounded: expected a number above 0, not 0.0"),
        ({"pair": (3.0, 2.0)}, "expected [lowest, highest], each in [1, 5], not [3.0, 2.0]"),
        ({"pair": [3.0, 2.0]}, "expected [lowest, highest], each in [1, 5], not [3.0, 2.0]"),
        ({"pair": (0.0, 2.0)}, "expected [lowest, highest], each in [1, 5], not [0.0, 2.0]"),
        ({"pair": (2.0, math.nan)}, "expected [lowest, highest], each in [1, 5], not [2.0, nan]"),
    ],
    ids=str,
)
def test_what_lies_outside_is_named_with_what_was_expected(
    fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        Record(**fields)
    assert words in str(refused.value)
