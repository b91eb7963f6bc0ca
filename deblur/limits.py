"""What a field may be, written beside its type: `steps: Annotated[int, Limits(1)]`."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

from deblur.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    """From `least` to `most`; a round one of the `brackets` leaves that end out."""

    least: float = 0.0
    most: float = math.inf
    brackets: str = "[)"

    def __contains__(self, value: float) -> bool:
        above = self.least < value or (self.brackets[0] == "[" and value == self.least)
        return above and (value < self.most or (self.brackets[1] == "]" and value == self.most))

    def __str__(self) -> str:
        if math.isfinite(self.most):
            return f"in {self.brackets[0]}{self.least:g}, {self.most:g}{self.brackets[1]}"
        return f"{'at least' if self.brackets[0] == '[' else 'above'} {self.least:g}"


Count = Annotated[int, Limits(1)]
Natural = Annotated[int, Limits(0)]
Positive = Annotated[float, Limits(0, brackets="()")]
Share = Annotated[float, Limits(0, 1, "[]")]


def check_limits(record: Any, path: str = "") -> None:
    """Compare a dataclass's fields with their limits; of a pair, lowest and highest, both ends.

    Raises ConfigError naming the field, below `path`, for one that is out of them, and for a pair
    that is upside down.
    """
    for name, hint in get_type_hints(type(record), include_extras=True).items():
        for limits in getattr(hint, "__metadata__", ()):
            value = getattr(record, name)
            pair = isinstance(value, tuple | list)
            ends = [*value] if pair else [value]
            if not all(end in limits for end in ends) or ends[0] > ends[-1]:
                number = "a number" if all(map(math.isfinite, ends)) else "a finite number"
                wanted = "[lowest, highest], each" if pair else number
                shown = ends if pair else value
                raise ConfigError(f"{path}{name}: expected {wanted} {limits}, not {shown}")
