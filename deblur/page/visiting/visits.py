"""What a visitor sent, and what became of it. It is forgotten when its files are deleted."""

import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path

from deblur.diagnosis import Diagnosis
from deblur.errors import DeblurError, OutputError, UnreadableImageError
from deblur.image_io import DecodedImage, decode_image
from deblur.language import say
from deblur.page.visiting.opening import Opened
from deblur.page.visiting.page_folder import folder_in
from deblur.restorer import RestoreReport

MAX_PHOTOS = 20
MAX_VISITS = 10_000
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Result:
    """A photo as a model restored it: `pixels` and, at 8 bits, `shown` are `.npy` files.

    `left_out` are the notes on what each format that it may be saved in cannot hold.
    """

    number: int
    model: str
    engine: str
    report: RestoreReport
    pixels: Path
    shown: Path
    left_out: Mapping[str, tuple[str, ...]]

    def report_as(self, format: str) -> RestoreReport:
        """The report with the notes of the format that it is saved in."""
        return replace(self.report, notes=(*self.report.notes, *self.left_out[format]))


@dataclass(frozen=True)
class Piece:
    """A part of a photo that was restored to try a model.

    `seconds` is what the whole photo would take.
    """

    model: str
    left: int
    top: int
    width: int
    height: int
    seconds: float
    file: Path


@dataclass
class Photo:
    """A photo that was sent, in a folder of its own.

    `results` are those of its restoring, `beside` others that were made to be compared, `numbers`
    those that nothing of it has yet. `pieces` were tried, of which `compared` are one by several
    models. `found` is what its diagnosis says, `trouble` is why the last run gave nothing.
    """

    id: str
    folder: Path
    path: Path
    opened: Opened
    came: float
    found: Diagnosis | None = None
    trouble: DeblurError | None = None
    results: list[Result] = field(default_factory=list)
    beside: list[Result] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    pieces: list[Piece] = field(default_factory=list)
    compared: list[Piece] = field(default_factory=list)
    waits: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def result(self) -> Result | None:
        """What came of it last."""
        return self.results[-1] if self.results else None

    @property
    def preview(self) -> Path:
        """A picture of it for a browser."""
        return self.folder / "before.jpg"

    @property
    def shown(self) -> Path:
        """All of its pixels at 8 bits."""
        return self.folder / "before.npy"

    @cached_property
    def colours(self) -> DecodedImage:
        """A picture with its colours, but nothing else that the file says."""
        return decode_image(self.preview)


@dataclass
class Visit:
    """The photos of a visitor, in the order in which they came, and the one that is shown.

    `troubles` are those of what was just asked for, where they belong to no photo that is here.
    It `fetches` while a model comes to be tried on a piece.
    """

    key: str
    photos: dict[str, Photo] = field(default_factory=dict)
    looked_at: str = ""
    format: str = ""
    troubles: list[DeblurError] = field(default_factory=list)
    fetches: bool = False

    @property
    def next(self) -> Photo | None:
        """The photo that is restored now, or as soon as it is the visitor's turn."""
        return next((photo for photo in self.photos.values() if photo.waits), None)

    @property
    def works(self) -> bool:
        """Whether there is something to cancel."""
        return self.fetches or self.next is not None

    @property
    def photo(self) -> Photo | None:
        """The photo that is looked at."""
        return self.photos.get(self.looked_at)

    def add(self, photo: Photo, *, look: bool = True) -> None:
        """A photo came; `look` at it from now on."""
        self.photos[photo.id] = photo
        if look:
            self.looked_at = photo.id

    def forget(self, id: str) -> None:
        """Delete a photo, and all that came of it."""
        if photo := self.photos.pop(id, None):
            shutil.rmtree(photo.folder, ignore_errors=True)
            if self.looked_at == id:
                self.looked_at = next(reversed(self.photos), "")


class Visits:
    """Who sent what. Photos lie below `root` and are kept for `keep` seconds.

    `has_room` tells whether a number of further bytes can be kept.
    """

    def __init__(
        self,
        root: Path,
        keep: float,
        clock: Callable[[], float] = time.time,
        has_room: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._root, self.keep, self._clock, self._has_room = root, keep, clock, has_room
        self._visits: dict[str, Visit] = {}

    def of(self, key: str) -> Visit:
        """The visit that a browser names by a key of its own, without what is old.

        Raises UnreadableImageError for what is no key.
        """
        if not _KEY.fullmatch(key or ""):
            raise UnreadableImageError(say("the page did not start as it should: load it again"))
        visit = self._visits.pop(key, None) or Visit(key)
        self._visits[key] = visit
        for photo in [*visit.photos.values()]:
            if self.seconds_left(photo) <= 0 or not photo.path.exists():
                visit.forget(photo.id)
        while len(self._visits) > MAX_VISITS:
            self._visits.pop(next(iter(self._visits)))
        return visit

    def find(self, key: str, id: str) -> Photo:
        """A photo that is still here. Raises UnreadableImageError."""
        photo = self.of(key).photos.get(id)
        if photo is None:
            raise UnreadableImageError(
                say(
                    "the photo was deleted, like every photo after {minutes} minutes: choose "
                    "it again",
                    minutes=f"{self.keep / 60:.0f}",
                )
            )
        return photo

    def seconds_left(self, photo: Photo) -> float:
        """Until a photo is deleted."""
        return photo.came + self.keep - self._clock()

    def new_folder(self) -> Path:
        """A place for a photo. Raises OutputError where there is no room."""
        return folder_in(self._root, f"{secrets.token_hex(4)}-")

    def require_room(self) -> None:
        """Raise OutputError where more is kept already than may be."""
        if not self._has_room(0):
            raise OutputError(
                say("there is no room for more photos here at the moment; try again later")
            )

    def now(self) -> float:
        """The time by which photos are kept."""
        return self._clock()
