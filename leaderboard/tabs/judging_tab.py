"""Judge, on the page: grade restored pictures, and say which of two looks better, both blind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr

from deblur.errors import DeblurError, ImageError
from deblur.files import without_folders
from deblur.language import say
from leaderboard.judging.addresses import Allowance
from leaderboard.judging.exhibits import Exhibits
from leaderboard.judging.questions import Kind, Photo, Programme, Trial, contestants, counted_votes
from leaderboard.judging.standings import name_of, standing_html
from leaderboard.judging.votes import GRADES, Preference, Rating, Vote, model_of, rater_of
from leaderboard.store.folder_store import FolderStore
from leaderboard.tabs.comparison import Restore

TAB = "judge"
MAX_VOTES = 600
"""Answers that one address may give in an hour."""

MAX_RATERS = 30
"""People who may begin to answer from one address in a day."""

Answers = Sequence[tuple[str, str, str]]
"""For each button: what it says, the value of a vote, and the key that presses it."""


@dataclass(frozen=True)
class Form:
    """One way to ask: the question and its answers."""

    kind: Kind
    tab: str
    question: str
    answers: Answers


def _forms() -> tuple[Form, Form]:
    """Grades of one picture, and preferences among two."""
    grades = [(title, str(grade), str(grade)) for grade, title in grade_titles().items()]
    sides = [
        (say("Left"), "left", "ArrowLeft"),
        (say("No difference"), "tie", "t"),
        (say("Right"), "right", "ArrowRight"),
    ]
    return (
        Form("rating", say("Rate"), say("How good does this picture look?"), grades),
        Form("preference", say("Arena"), say("Which of the two looks better?"), sides),
    )


def grade_titles() -> dict[int, str]:
    """The five grades of ITU-T P.910, the best first."""
    titles = (say("Excellent"), say("Good"), say("Fair"), say("Poor"), say("Bad"))
    return dict(zip(GRADES, titles, strict=True))


def build_judging_tab(
    tab: gr.Tab,
    store: FolderStore,
    photos: Sequence[Photo],
    restore: Restore,
    new_folder: Callable[[], Path],
) -> None:
    """Lay out the tab inside the current block; pictures are made when `tab` is first opened.

    `photos` are what may be shown, and `restore` makes the pictures to be judged of them.
    """
    desk = Desk(store, Programme(photos, contestants()), Exhibits(restore, new_folder))
    # The secret is a constant, since what it locks has to outlive a restart of the page.
    person = gr.BrowserState("", storage_key="deblur-arena-judge", secret="deblur-arena")
    introduction = say(
        "Pictures come without names, in random order and at 100 %. After your answer you can "
        "see which model made them; before you look, you can take the answer back. Each "
        "answer is saved at once, under a random number in this browser. Stop whenever you "
        "like, and continue another day."
    )
    gr.HTML(f'<p class="note">{introduction}</p>', elem_id="judge-introduction")
    rate, prefer = _forms()
    with gr.Tabs():
        with gr.Tab(rate.tab):
            _Section(desk, rate, person).begin_on(tab)
        with gr.Tab(prefer.tab) as arena:
            _Section(desk, prefer, person).begin_on(arena)


class Desk:
    """Where questions are given out and answers taken in."""

    def __init__(self, store: FolderStore, programme: Programme, exhibits: Exhibits) -> None:
        self.store, self.programme, self._exhibits = store, programme, exhibits
        self._votes, self._people = Allowance(MAX_VOTES, 3600), Allowance(MAX_RATERS, 24 * 3600)

    def next(
        self, kind: Kind, person: str, last: Trial | None = None
    ) -> tuple[Trial | None, list[Path]]:
        """The next question to a person and its pictures; photos that cannot be read are left out.

        Raises gr.Error, which the page shows, when a model cannot restore one.
        """
        votes = self.store.votes().votes
        while trial := self.programme.next(kind, votes, rater_of(person), last):
            try:
                return trial, [self._exhibits.file(trial.photo, each) for each in trial.shown]
            except ImageError as error:
                reason = without_folders(str(error))
                _warn(say("{photo} is left out: {reason}", photo=trial.photo.id, reason=reason))
                self.programme.leave_out(trial.photo)
            except DeblurError as error:
                reason = without_folders(str(error))
                told = say("Your answers are kept. {reason}", reason=reason)
                raise gr.Error(told, title=say("Error")) from error
        return None, []

    def take(self, kind: Kind, person: str, trial: Trial, answer: str, address: str = "") -> bool:
        """Keep an answer; False when too many came from the address.

        Raises OSError when it cannot be kept.
        """
        rater = rater_of(person)
        new = all(vote.rater != rater for vote in self.store.votes().votes)
        if (new and not self._people.take(address)) or not self._votes.take(address):
            return False
        self.store.add_vote(_vote(kind, rater, trial, answer))
        return True

    def undo(self, kind: Kind, person: str, trial: Trial) -> list[Path]:
        """Take the answer to a question back; the question's pictures, none when it stays.

        Raises OSError when that cannot be written.
        """
        answer = "3" if kind == "rating" else "tie"  # whatever it was: questions name votes
        undone = self.store.undo_vote(_vote(kind, rater_of(person), trial, answer))
        return [self._exhibits.file(trial.photo, each) for each in trial.shown] if undone else []

    def standing(self, kind: Kind, person: str) -> str:
        """How the models are placed, for a person who has voted."""
        found = self.store.votes()
        voted = any(each.kind == kind and each.rater == rater_of(person) for each in found.votes)
        troubles = "".join(
            f'<p class="failure">{escape(without_folders(each))}</p>' for each in found.problems
        )
        shown = standing_html(kind, found.votes, self.programme.dataset) if voted else ""
        return shown + troubles


class _Section:
    """A question on the page, with its buttons and what came of it."""

    def __init__(self, desk: Desk, form: Form, person: gr.BrowserState) -> None:
        self._desk, self._form, self._person = desk, form, person
        self._trial, self._last = gr.State(None), gr.State(None)
        with gr.Column(elem_id=f"judge-{form.kind}", elem_classes="judge"):
            self._pictures = gr.HTML()
            with gr.Row(elem_classes="answers") as self._row:
                buttons = [self._button(*answer) for answer in form.answers]
            self._told = gr.HTML(js_on_load=_LISTEN)
            self._standing = gr.HTML()
        for button, (_, value, _) in zip(buttons, form.answers, strict=True):
            self._then_standing(
                button.click(
                    self._answering(value),
                    [person, self._trial],
                    self._shown,
                    api_visibility="private",
                    show_progress_on=self._pictures,
                )
            )

        given = [person, self._trial, self._last]
        self._then_standing(
            self._told.undo(self._undo, given, self._shown, api_visibility="private")
        )
        self._told.select(self._reveal, given, [self._last, self._told], api_visibility="private")

    def begin_on(self, tab: gr.Tab) -> None:
        """Ask the first question when a tab is opened."""
        opened = tab.select(
            self._begin,
            [self._person, self._trial],
            [self._person, *self._shown],
            api_visibility="private",
            show_progress_on=self._pictures,
        )
        self._then_standing(opened)

    @property
    def _shown(self) -> list[gr.components.Component | gr.Row]:
        return [self._trial, self._last, self._pictures, self._row, self._told]

    def _button(self, title: str, value: str, key: str) -> gr.Button:
        return gr.Button(
            title,
            elem_id=f"answer-{value}",
            elem_classes=f"key-{key}",
            min_width=0,
        )

    def _then_standing(self, done: Any) -> None:
        done.then(
            lambda person: self._desk.standing(self._form.kind, person),
            self._person,
            self._standing,
            api_visibility="private",
            show_progress="hidden",
        )

    def _begin(self, person: str, trial: Trial | None) -> list[Any]:
        if trial is not None:
            return [gr.skip()] * (1 + len(self._shown))
        person = person or uuid4().hex
        return [person, *self._ask(person, None, "")]

    def _answering(self, value: str) -> Callable[[str, Trial | None, gr.Request], list[Any]]:
        def answer(person: str, trial: Trial | None, request: gr.Request) -> list[Any]:
            if trial is None:
                anew = say("This page was restarted. Please answer again.")
                return self._ask(person, None, anew)
            address = request.client.host if request.client else ""
            try:
                kept = self._desk.take(self._form.kind, person, trial, value, address)
            except OSError as error:
                reason = error.strerror
                _warn(
                    say(
                        "Your answer could not be kept ({reason}); please try again.", reason=reason
                    )
                )
                return [gr.skip()] * len(self._shown)
            if not kept:
                _warn(_too_many())
                return [gr.skip()] * len(self._shown)
            return self._ask(person, trial, say("Thank you."))

        return answer

    def _ask(self, person: str, last: Trial | None, thanks: str) -> list[Any]:
        trial, pictures = self._desk.next(self._form.kind, person, last)
        told = self._progress(person, thanks, _buttons() if last else "")
        return [trial, last, *self._pictured(pictures), told]

    def _pictured(self, pictures: Sequence[Path]) -> list[Any]:
        return [_pictures_html(self._form, pictures), gr.Row(visible=bool(pictures))]

    def _undo(self, person: str, trial: Trial | None, last: Trial | None) -> list[Any]:
        """Ask the last question again, unless the person has seen which models it was about."""
        try:
            pictures = self._desk.undo(self._form.kind, person, last) if last else []
        except (OSError, DeblurError) as error:
            reason = without_folders(str(error))
            _warn(say("Your answer could not be taken back ({reason}).", reason=reason))
            pictures = []
        if not pictures:
            return [gr.skip()] * len(self._shown)
        told = self._progress(person, say("Taken back; answer again."), "")
        return [last, None, *self._pictured(pictures), told]

    def _reveal(self, person: str, trial: Trial | None, last: Trial | None) -> list[Any]:
        """Tell whose the pictures were; the answer stays from then on."""
        told = self._progress(person, say("Thank you."), _revealed(last) if last else "")
        return [None, told]

    def _progress(self, person: str, thanks: str, more: str) -> str:
        programme, kind = self._desk.programme, self._form.kind
        votes = self._desk.store.votes().votes
        done, all = programme.progress(kind, votes, rater_of(person))
        there = [vote for vote in counted_votes(votes, programme.dataset) if vote.kind == kind]
        own = [vote for vote in there if vote.rater == rater_of(person)]
        told = say("{own} by you · {all} in all", own=f"{len(own):,}", all=f"{len(there):,}")
        return (
            f'<div class="progress" role="status"><b>{thanks}</b>'
            f'<progress max="{all}" value="{done}" aria-label="{say("Answered")}"></progress>'
            f"<span>{told}</span>{more}</div>"
        )


_LISTEN = """
element.addEventListener("click", ({ target }) => {
  const asked = target.closest("[data-event]");
  if (asked) trigger(asked.dataset.event);
});
"""


def _buttons() -> str:
    """What can be done about the answer that was just given."""
    return (
        '<p class="revealed">'
        f'<button type="button" data-event="undo" data-key="undo">{say("Undo")}</button> '
        f'<button type="button" data-event="select">{say("Which model was it?")}</button></p>'
    )


def _revealed(trial: Trial) -> str:
    """Which models made the pictures of the last answer, as safe HTML."""
    names = [escape(name_of(model_of(each))) for each in trial.shown]
    told = (
        say("Left: {left}. Right: {right}.", left=names[0], right=names[1])
        if len(names) > 1
        else say("That was {model}.", model=names[0])
    )
    return f'<p class="revealed">{told}</p>'


def _warn(told: str) -> None:
    gr.Warning(told, title=say("Warning"))


def _too_many() -> str:
    return say(
        "This answer was not kept, because too many answers came from your network. Please "
        "continue in an hour."
    )


def _vote(kind: Kind, rater: str, trial: Trial, answer: str) -> Vote:
    about = {
        "rater": rater,
        "dataset": trial.photo.dataset,
        "photo": trial.photo.id,
        "shown": trial.shown,
        "again": trial.again,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
    if kind == "rating":
        return Rating.model_validate({**about, "grade": int(answer)})
    return Preference.model_validate({**about, "choice": answer})


def _pictures_html(form: Form, pictures: Sequence[Path]) -> str:
    """The pictures, as files: what goes through the page's own image widget is coded anew."""
    if not pictures:
        done = say("That was everything there is to judge. Thank you!")
        return f'<p class="success">{done}</p>'
    pair = len(pictures) > 1
    names = (say("Left"), say("Right")) if pair else (say("The picture to rate"),)
    figures = "".join(
        f'<figure data-side="{name}"><img src="gradio_api/file={escape(str(each))}" alt="{name}">'
        "<figcaption></figcaption></figure>"
        for each, name in zip(pictures, names, strict=True)
    )
    return f'<h2>{form.question}</h2><div class="exhibits">{figures}</div>'
