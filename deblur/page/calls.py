"""The page for programs: `/restore` and `/diagnose`, see docs/api.md."""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from deblur.catalog import AUTO
from deblur.color import check_strength
from deblur.diagnosis import sentences
from deblur.errors import DeblurError, OutputError, UnknownModelError
from deblur.files import without_folders
from deblur.language import say
from deblur.page.photo_flow import MAX_SECONDS
from deblur.page.restorers import AUTOMATIC, OFFERED, new_folder
from deblur.page.restoring import file_of, restore_photo
from deblur.page.visiting.intake import take_in
from deblur.page.visiting.visitors import IsHere, Run
from deblur.page.visiting.visits import Photo, Visit, Visits


class Calls:
    """What programs can ask for. Nothing of it stays but the file that was asked for."""

    def __init__(self, visits: Visits, is_here: IsHere) -> None:
        self._visits, self._is_here = visits, is_here

    def restore(
        self,
        file: str,
        model: str,
        strength: float,
        request: gr.Request,
    ) -> tuple[str, dict[str, Any]]:
        """Restore a photo into its own format.

        `model` is "auto" or a name from the list of models, `strength` how much of the result there
        is, in percent. Gives the file, and a report of what was found, what ran and what changed.
        """
        session = request.session_hash
        run = Run(lambda: self._is_here(session), MAX_SECONDS)
        with self._opened(file) as photo:
            if model not in OFFERED:
                raise UnknownModelError(
                    say(
                        "there is no model {model}: take one of {offered}",
                        model=repr(model),
                        offered=OFFERED,
                    )
                )
            check_strength(strength)
            run.begin()
            result = restore_photo(photo, model, AUTOMATIC, "", lambda _: None, run)
            made = file_of(photo, result, "", round(strength))
            place = new_folder() / made.name
            made.replace(place)
            return str(place), _plain(result.report_as(photo.opened.output).as_json())

    def diagnose(self, file: str) -> dict[str, Any]:
        """What happened to a photo: what kind of blur, how far, and `said`, the same in words."""
        with self._opened(file) as photo:
            if photo.found is None:
                raise OutputError(say("{name} cannot be diagnosed here", name=photo.name))
            return _plain({**photo.found.as_json(), "said": sentences(photo.found)})

    @contextmanager
    def _opened(self, file: str) -> Iterator[Photo]:
        photo: Photo | None = None
        try:
            photo = take_in(self._visits, Visit(secrets.token_hex(16)), Path(file))
            yield photo
        except DeblurError as error:
            raise gr.Error(f"{without_folders(str(error))}.", print_exception=False) from error
        finally:
            if photo is not None:
                shutil.rmtree(photo.folder, ignore_errors=True)


def offer_calls(visits: Visits, is_here: IsHere) -> None:
    """Make them callable by name; nothing of it is seen."""
    calls = Calls(visits, is_here)
    with gr.Column(visible=False):
        file = gr.File(label="file")
        model = gr.Textbox(AUTO, label="model")
        strength = gr.Number(100, label="strength")
        restored, report = gr.File(label="restored"), gr.JSON(label="report")
        asked = [gr.Button(), gr.Button()]
    asked[0].click(
        calls.restore,
        [file, model, strength],
        [restored, report],
        api_name="restore",
        concurrency_id="restoring",
        concurrency_limit=3,
    )
    asked[1].click(
        calls.diagnose,
        file,
        report,
        api_name="diagnose",
        concurrency_id="opening",
        concurrency_limit=4,
    )


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: its names are strings and nothing else."""
    plain: dict[str, Any] = json.loads(json.dumps(told))
    return plain
