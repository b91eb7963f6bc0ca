"""The report on a restored photo: what was found, what ran, and what it changed."""

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deblur.diagnosis import Diagnosis, sentences
from deblur.language import say
from deblur.spec import Precision

VISIBLE = 4 / 255
"""A pixel that differs by so much of the whole range differs visibly."""
MIN_CHANGED = 0.02
"""A photo of which a smaller share differs visibly came out almost unchanged."""
NARROWER, LESS = 0.85, 0.5
"""A tile got sharper where points are spread by so much less, as a ratio and in pixels."""


class Change(NamedTuple):
    """How a photo differs from what it was: shares in [0, 1] of every fourth row of values.

    `visible` is the share that differs by 4 of 255 or more, `mean` the mean difference of 255.
    """

    visible: float
    mean: float


@dataclass(frozen=True)
class RestoreReport:
    """What was found, what ran, on how many pixels, for how long, and what it changed.

    `models` are the networks that ran, none where the photo was not changed; `picked` says that
    the diagnosis chose them. They saw the photo at 1 / `reduction` of its size. `tile` is height x
    width in pixels of the photo; `seconds`
    covers everything from file to file, `network_seconds` only the backend. `before` and `after`
    are the diagnoses of both photos; `changed` is the share of values that came out visibly
    different, `mean_change` their mean difference of 255, `sharper` the share of the photo, by
    what there is to see, that got sharper. `notes` are sentences for the user.
    """

    models: tuple[str, ...]
    picked: bool
    reduction: int
    backend: str
    execution_provider: str
    device: str
    precision: Precision
    width: int
    height: int
    tile: tuple[int, int]
    tiles: int
    seconds: float
    network_seconds: float
    before: Diagnosis
    after: Diagnosis
    changed: float
    mean_change: float
    sharper: float
    notes: tuple[str, ...]

    @property
    def megapixels(self) -> float:
        """Pixels of the photo, in millions."""
        return self.width * self.height / 1e6

    @property
    def model(self) -> str:
        """The networks that ran in a word: "none" where the photo was not changed."""
        return " + ".join(self.models) or "none"

    @property
    def size(self) -> str:
        """At what part of its width and height the photo was restored; empty for all of it."""
        if not self.models or self.reduction == 1:
            return ""
        return say(
            "restored at 1/{reduction} of its width and height; the result has its full size",
            reduction=self.reduction,
        )

    @property
    def found(self) -> tuple[str, ...]:
        """The diagnosis of the photo, in sentences."""
        return sentences(self.before)

    @property
    def outcome(self) -> str:
        """What changed, in a sentence without its full stop."""
        if not self.models:
            return say("the photo was not changed; name a model to restore it anyway")
        if not self.picked and self.before.reduction > 1:
            return say(
                "{changed} of it differs visibly; its blur is wide, and the automatic choice of "
                "the model usually does more for such a photo",
                changed=f"{self.changed:.0%}",
            )
        if self.changed < MIN_CHANGED:
            return say(
                "the photo came out almost unchanged ({changed} of it differs visibly): it is "
                "sharp already, or blurred in a way that this model does not undo; try another "
                "model",
                changed=f"{self.changed:.1%}",
            )
        return say(
            "{changed} of it differs visibly, {sharper} of it got sharper",
            changed=f"{self.changed:.0%}",
            sharper=f"{self.sharper:.0%}",
        )

    def summary(self) -> str:
        """One line for people: what ran, for how long, what was found, what changed."""
        parts = (
            f"{self.model}{', picked for it' if self.picked and self.models else ''}",
            *([self.size] if self.size else []),
            f"{self.backend} ({self.execution_provider}, {self.precision})",
            f"{self.tiles} {'tile' if self.tiles == 1 else 'tiles'} of "
            f"{self.tile[1]}x{self.tile[0]}",
            f"{self.megapixels:.1f} MP in {self.seconds:.1f} s",
            " ".join(self.found),
            self.outcome,
            *self.notes,
        )
        return " · ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """All of it as what JSON can hold; the diagnoses without their tiles."""
        shallow = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        for name in ("before", "after"):
            shallow[name] = getattr(self, name).as_json()
            del shallow[name]["tiles"]
        return shallow | {"model": self.model, "found": self.found, "outcome": self.outcome}


@dataclass
class Comparison:
    """A picture compared with the one that came, band by band (h, w, c)."""

    _visible: int = 0
    _total: float = 0.0
    _compared: int = 0

    def add(self, top: int, before: NDArray[Any], after: NDArray[Any]) -> None:
        """One more band, `top` rows below the first, before and after: of one shape and type."""
        rows, peak = slice(-top % 4, None, 4), np.iinfo(before.dtype).max
        apart = np.maximum(before[rows], after[rows]) - np.minimum(before[rows], after[rows])
        self._visible += int(np.count_nonzero(apart >= VISIBLE * peak))
        self._total += float(apart.sum(dtype=np.float64)) * 255 / peak
        self._compared += apart.size

    @property
    def change(self) -> Change:
        """Of all bands so far."""
        compared = max(1, self._compared)
        return Change(self._visible / compared, self._total / compared)


def sharper_share(before: Diagnosis, after: Diagnosis) -> float:
    """The share of a photo that got sharper, in [0, 1], by what there is to see in its tiles."""
    seen = sum(tile.weight for tile in before.tiles)
    if not seen:
        return 0.0
    pairs = zip(before.tiles, after.tiles, strict=True)
    return sum(was.weight for was, now in pairs if _got_sharper(was.extent, now.extent)) / seen


def _got_sharper(was: float, now: float) -> bool:
    return now < min(NARROWER * was, was - LESS)
