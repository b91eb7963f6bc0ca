"""A visitor's own photos as several models restore them, for the tab that compares."""

from collections.abc import Callable, Sequence
from pathlib import Path

from deblur.language import say
from deblur.page.markup.compared import Line
from deblur.page.markup.sentences import told_seconds
from deblur.page.markup.viewer import Picture, Sight
from deblur.page.photo_flow import MAX_SECONDS
from deblur.page.photo_routes import photo_address
from deblur.page.restorers import AUTOMATIC
from deblur.page.restoring import restore_photo
from deblur.page.visiting.intake import take_in
from deblur.page.visiting.visitors import IsHere, Run
from deblur.page.visiting.visits import Photo, Result, Visit, Visits
from deblur.restorer import Progress


class OwnPhotos:
    """The photos of every visit, by the key of its browser. Safe to share between visitors."""

    def __init__(self, visits: Visits, is_here: IsHere) -> None:
        self._visits, self._is_here = visits, is_here

    def named(self, key: str) -> list[tuple[str, str]]:
        """The photos of a visit as (name, id), the one that is looked at first."""
        visit = self._visits.of(key)
        photos = sorted(visit.photos.values(), key=lambda photo: photo.id != visit.looked_at)
        return [(photo.name, photo.id) for photo in photos]

    def add(self, key: str, file: Path) -> None:
        """One more photo; it is looked at from now on. Raises a DeblurError."""
        take_in(self._visits, self._visits.of(key), file)

    def compare(
        self,
        key: str,
        id: str,
        models: Sequence[str],
        session: str | None,
        on_progress: Callable[[Progress], None],
    ) -> tuple[Sight, list[Line]]:
        """The photo, and what each model makes of it. Raises a DeblurError.

        It ends when the visitor of `session` leaves, or after MAX_SECONDS.
        """
        visit, photo = self._visits.of(key), self._visits.find(key, id)
        run = Run(lambda: self._is_here(session), MAX_SECONDS)
        run.begin()
        results = [self._made(photo, model, run, on_progress) for model in models]
        pictures = [
            Picture(result.model, photo_address(visit, photo, f"{result.number}/"))
            for result in results
        ]
        seen = Sight(
            name=f"{photo.id} compared",
            title=photo.name,
            width=photo.opened.width,
            height=photo.opened.height,
            middle=photo.opened.middle,
            pictures=[Picture(say("Before"), photo_address(visit, photo, "before/")), *pictures],
            mode="side",
        )
        return seen, [_line(visit, photo, result) for result in results]

    def _made(
        self, photo: Photo, model: str, run: Run, on_progress: Callable[[Progress], None]
    ) -> Result:
        """What a model makes of a photo; what it made before is not made again."""
        for result in (*photo.results, *photo.beside):
            if (result.model, result.engine) == (model, AUTOMATIC):
                return result
        self._visits.require_room()
        result = restore_photo(photo, model, AUTOMATIC, "", on_progress, run)
        photo.beside.append(result)
        return result


def _line(visit: Visit, photo: Photo, result: Result) -> Line:
    return Line(
        result.model,
        say("{seconds} s", seconds=told_seconds(result.report.seconds)),
        photo_address(visit, photo, f"{result.number}/download"),
    )
