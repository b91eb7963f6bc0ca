"""The way of photos through the page: what each wish of a visitor does."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from deblur.catalog import CATALOG
from deblur.errors import CancelledError, DeblurError, UnreadableImageError
from deblur.files import is_set_aside
from deblur.language import say
from deblur.page.markup.model_chooser import Measure, chooser_html
from deblur.page.photo_view import PhotoView, Updates
from deblur.page.restorers import AUTOMATIC, COMPARED_MODELS, OFFERED, engine_choices
from deblur.page.restoring import restore_photo, restore_piece
from deblur.page.visiting.intake import take_in
from deblur.page.visiting.visitors import IsHere, LateError, Run
from deblur.page.visiting.visits import Photo, Visit, Visits
from deblur.restorer import Progress
from deblur.weights import is_here

MAX_SECONDS = 1800
"""Time that restoring a photo may take."""


@dataclass(frozen=True)
class Surroundings:
    """What the tab gets from the page around it.

    `examples` are photos by title; `introduce` gives HTML on what is good to know of a model,
    `measure` what the board knows of it; `is_here` tells whether the visitor of a session is still
    on the page.
    """

    examples: Mapping[str, Path]
    introduce: Callable[[str], str]
    measure: Measure
    is_here: IsHere = lambda _: True


class PhotoFlow:
    """What happens to the photos of every visit. Safe to share between visitors."""

    def __init__(self, view: PhotoView, visits: Visits, around: Surroundings) -> None:
        self._view, self._visits, self._around = view, visits, around
        self._runs: dict[str, Run] = {}
        self._sessions: dict[str | None, str] = {}

    def begin(self, given: str, request: gr.Request) -> Updates:
        """Show a visit that begins, or that goes on because the page was loaded again."""
        visit = self._visits.of(given)
        self._sessions[request.session_hash] = visit.key
        self._end(visit)
        return {
            self._view.key: visit.key,
            self._view.engine: self.offer_engines(OFFERED[0], AUTOMATIC),
            **self._view.show(visit),
        }

    def leave(self, request: gr.Request) -> None:
        """Stop the run of a visitor who has gone."""
        key = self._sessions.pop(request.session_hash, "")
        if run := self._runs.get(key):
            run.set()

    def take(
        self,
        key: str,
        files: list[str] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Updates]:
        """Take what came, one after the other; the first that can be used is looked at.

        The others join the shelf, so that nothing moves under the hand of who restores the first.
        """
        visit = self._visits.of(key)
        visit.troubles = []
        yield {self._view.upload: gr.File(value=None)}  # else it lists them as long as they open
        looks, photos = False, _without_hidden([Path(file) for file in files or []])
        for number, file in enumerate(photos):
            told = say("Opening {name}", name=file.name)
            progress((number, len(photos)), desc=told, unit=say("photos"))
            looks = self._take(visit, file, look=not looks) or looks
            yield self._view.show(visit)

    def take_example(self, key: str, chosen: gr.EventData) -> Updates:
        """The example that was clicked, as if it had been sent."""
        visit = self._visits.of(key)
        visit.troubles = []
        self._take(visit, [*self._around.examples.values()][int(_of(chosen, "example"))])
        return self._view.show(visit)

    def _take(self, visit: Visit, file: Path, *, look: bool = True) -> bool:
        """Whether a file was accepted; if not, the page shows why."""
        try:
            take_in(self._visits, visit, file, look=look)
        except DeblurError as error:
            visit.troubles.append(error)
            return False
        return True

    def look_at(self, key: str, chosen: gr.EventData) -> Updates:
        """Another photo of the visit."""
        visit = self._visits.of(key)
        visit.troubles = []
        try:
            visit.looked_at = self._visits.find(key, _of(chosen, "photo")).id
        except DeblurError as error:
            visit.troubles = [error]
        return self._view.show(visit)

    def refresh(self, key: str) -> Updates:
        """The visit as it is now: another tab may have added to it, and time takes away."""
        return self._view.show(self._visits.of(key))

    def forget(self, key: str, chosen: gr.EventData) -> Updates:
        """Delete a photo and all that came of it, now."""
        visit = self._visits.of(key)
        visit.forget(_of(chosen, "photo"))
        return self._view.show(visit)

    def start(self, key: str, turn: int) -> Updates:
        """The photo that is looked at is to be restored."""
        visit = self._visits.of(key)
        return self._start(visit, [visit.photo] if visit.photo else [], turn)

    def start_all(self, key: str, turn: int) -> Updates:
        """Every photo that is not restored yet is to be."""
        visit = self._visits.of(key)
        undone = [photo for photo in visit.photos.values() if not photo.result]
        return self._start(visit, undone or [*visit.photos.values()], turn)

    def _start(self, visit: Visit, photos: list[Photo], turn: int) -> Updates:
        visit.troubles = [] if photos else [_gone()]
        for photo in photos:
            photo.waits, photo.trouble = True, None
        begun = self._view.begin(visit)
        return {**begun, self._view.turn: turn + 1} if photos else begun

    def restore(
        self,
        key: str,
        model: str,
        engine: str,
        format: str,
        turn: int,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Updates:
        """Restore the photo that waits first; then it is the turn of the next one."""
        visit = self._visits.of(key)
        visit.format = format
        photo = visit.next
        if photo is None:
            return self._view.show(visit)

        def show(done: Progress) -> None:
            left = say("about {seconds} s left", seconds=f"{done.seconds_left:.0f}")
            progress((done.tiles_done, done.tiles), desc=left, unit=say("tiles"))

        progress(0, desc=say("Starting"))
        run = self._runs[key] = self._run_of(request)
        run.begin()
        has_to_come = _has_to_come(model)
        trouble: DeblurError | None = None
        try:
            self._visits.require_room()
            result = restore_photo(photo, model, engine, visit.format, show, run)
            photo.results.append(result)
        except CancelledError as error:
            trouble = LateError(MAX_SECONDS // 60) if run.is_late else error
        except DeblurError as error:
            trouble = error
        finally:
            if self._runs.get(key) is run:  # else somebody cancelled, and may have begun anew
                del self._runs[key]
                photo.trouble, photo.waits = trouble, False
        shown = self._view.show(visit)
        if has_to_come and not _has_to_come(model):
            shown |= self._marked_anew(model)
        return {**shown, self._view.turn: turn + 1} if visit.next else shown

    def cancel(self, key: str) -> Updates:
        """Stop what runs after the tile in work; what waits does not begin."""
        visit = self._visits.of(key)
        for photo in visit.photos.values():
            if photo.waits:
                photo.trouble = CancelledError()
        self._end(visit)
        return self._view.show(visit)

    def _end(self, visit: Visit) -> None:
        if run := self._runs.pop(visit.key, None):
            run.set()
        visit.fetches = False
        for photo in visit.photos.values():
            photo.waits = False

    def try_piece(
        self,
        key: str,
        model: str,
        engine: str,
        place: gr.EventData,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[Updates]:
        """Restore what lies in the frame; a model that has to be fetched can be cancelled."""
        visit = self._visits.of(key)
        visit.troubles = []
        photo = visit.photo
        if photo is None:
            return
        has_to_come, run = _has_to_come(model), self._runs.get(key)
        if has_to_come and run is None:
            run = self._runs[key] = self._run_of(request)
            run.begin()
            visit.fetches = True
            yield self._view.show(visit)
        try:
            restore_piece(photo, model, engine, _middle(place), run)
        except CancelledError:
            pass  # the photo is shown as it was
        except DeblurError as error:
            visit.troubles = [error]
        finally:
            if has_to_come and self._runs.get(key) is run:
                del self._runs[key]
                visit.fetches = False
        yield self._view.show(visit) | (self._marked_anew(model) if has_to_come else {})

    def try_models(self, key: str, place: gr.EventData) -> Iterator[Updates]:
        """Restore the same piece with every model that is quickly here."""
        visit = self._visits.of(key)
        visit.troubles = []
        photo = visit.photo
        if photo is None:
            return
        photo.compared = []
        for model in COMPARED_MODELS:
            try:
                photo.compared.append(restore_piece(photo, model, AUTOMATIC, _middle(place)))
            except DeblurError as error:
                visit.troubles = [error]
            yield self._view.show(visit)

    def choose(self, engine: str, chosen: gr.EventData) -> Updates:
        """A model, and what runs it."""
        model = _of(chosen, "value")
        if model not in OFFERED:
            model = OFFERED[0]
        return {
            self._view.model: model,
            self._view.about: self._around.introduce(model),
            self._view.engine: self.offer_engines(model, engine),
        }

    def choose_seen(self, engine: str, chosen: gr.EventData) -> Updates:
        """The model whose piece was clicked."""
        picked = gr.EventData(None, {"value": _of(chosen, "model")})
        shown = chooser_html(OFFERED, _of(chosen, "model"), self._around.measure)
        return {**self.choose(engine, picked), self._view.chooser: shown}

    def save_as(self, key: str, format: str) -> Updates:
        """The format of what is downloaded."""
        visit = self._visits.of(key)
        visit.format, visit.troubles = format, []
        if visit.photo:
            visit.photo.trouble = None
        shown = self._view.show(visit)
        del shown[self._view.format]
        return shown

    def offer_engines(self, model: str, engine: str) -> gr.Dropdown:
        """The engines that run a model; the one chosen stays where it is among them."""
        choices = engine_choices(model)
        kept = engine in (value for _, value in choices)
        return gr.Dropdown(choices, value=engine if kept else AUTOMATIC)

    def _marked_anew(self, model: str) -> Updates:
        """The models, after one of them has come."""
        return {
            self._view.chooser: chooser_html(OFFERED, model, self._around.measure),
            self._view.about: self._around.introduce(model),
        }

    def _run_of(self, request: gr.Request) -> Run:
        session = request.session_hash
        return Run(lambda: self._around.is_here(session), MAX_SECONDS)


def _without_hidden(files: list[Path]) -> list[Path]:
    """Ignore files that a system left among a visitor's files, unless nothing else came."""
    return [file for file in files if not is_set_aside(file.name)] or files


def _gone() -> UnreadableImageError:
    return UnreadableImageError(
        say("the photo was deleted, like every photo after some time: choose it again")
    )


def _has_to_come(model: str) -> bool:
    """Whether a model is not here, and comes when it is wanted."""
    spec = CATALOG.get(model)
    return spec is not None and not spec.by_command and not is_here(spec)


def _of(event: gr.EventData, name: str) -> str:
    """What an event says by a name, nothing where it says nothing."""
    told = event._data
    return str(told.get(name, "")) if isinstance(told, dict) else ""


def _middle(event: gr.EventData) -> tuple[float, float]:
    """The place in a photo that an event names."""
    try:
        x, y = float(_of(event, "x")), float(_of(event, "y"))
    except ValueError:
        return 0.0, 0.0
    return (x, y) if math.isfinite(x) and math.isfinite(y) else (0.0, 0.0)
