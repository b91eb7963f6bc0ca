"""What the page tells its visitor, as safe HTML."""

from html import escape

from deblur.catalog import CATALOG
from deblur.diagnosis import sentences
from deblur.errors import CancelledError, DeblurError
from deblur.files import without_folders
from deblur.image_io.signatures import title_of
from deblur.language import say
from deblur.page.restorers import ENGINES
from deblur.page.visiting.opening import Opened
from deblur.page.visiting.visitors import LateError
from deblur.page.visiting.visits import Photo
from deblur.restoring.report import RestoreReport


def note(text: str) -> str:
    """A sentence for the visitor."""
    return f'<p class="note" role="status">{escape(text)}</p>'


def failure(error: DeblurError) -> str:
    """What went wrong, as a sentence that stays; it names no folder of this machine."""
    told, heading = without_folders(str(error)), say("That did not work:")
    language = ' lang="en"' if told.isascii() else ""
    return (
        f'<p class="failure" role="alert"><b>{heading}</b> '
        f"<span{language}>{escape(told)}{say('.')}</span></p>"
    )


def outcome(trouble: DeblurError) -> str:
    """Why a run gave nothing."""
    if isinstance(trouble, LateError):
        late = say(
            "This took longer than {minutes} minutes, and was stopped. The photo is still here: "
            "choose a smaller model, or make the photo smaller.",
            minutes=trouble,
        )
        return note(late)
    if isinstance(trouble, CancelledError):
        return note(say("Cancelled. The photo is still here."))
    return failure(trouble)


def describe(given: Photo) -> str:
    """What came in, and what seems to have happened to it."""
    photo, found = given.opened, sentences(given.found) if given.found else ()
    parts = [
        f"{photo.width} × {photo.height}",
        f"{photo.megapixels:.1f} MP",
        title_of(photo.format),
        say("{bits} bits", bits=photo.bits),
        *([say("with transparency")] if photo.transparent else []),
    ]
    return note(" · ".join((*parts, *photo.notes))) + "".join(map(note, found))


def saved_as(photo: Opened) -> str:
    """The choice that leaves the format to the photo, and which that is."""
    if photo.output == photo.format:
        return say("Same as the photo ({format})", format=title_of(photo.output))
    return f"{title_of(photo.format)} → {title_of(photo.output)}"


def piece_told(photo: Photo) -> str:
    """What the piece that was tried last promises of the whole."""
    if not photo.pieces:
        return ""
    shown = told_seconds(photo.pieces[-1].seconds)
    return note(say("The whole photo: about {seconds} s here.", seconds=shown))


def told_seconds(seconds: float) -> str:
    """A time as it is shown: below a second with a tenth."""
    return f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.1f}"


def _engine(report: RestoreReport) -> str:
    engine = ENGINES.get(report.backend, report.backend)
    provider = report.execution_provider
    return provider if provider.startswith(engine) else f"{engine}, {provider}"


def account_for(report: RestoreReport) -> str:
    """What ran, on what, and for how long."""
    facts = {
        say("Model"): " + ".join(CATALOG[name].title for name in report.models) or say("none"),
        say("Engine"): _engine(report),
        say("Device"): f"{report.device}, {report.precision}",
        say("Tiles"): say(
            "{count} of {width} × {height}",
            count=report.tiles,
            width=report.tile[1],
            height=report.tile[0],
        ),
        say("Photo"): "; ".join(filter(None, (f"{report.megapixels:.1f} MP", report.size))),
        say("Time"): f"{report.seconds:.1f} s",
    }
    terms = "".join(
        f"<div><dt>{term}</dt><dd>{escape(at)}</dd></div>" for term, at in facts.items()
    )
    outcome = f"{report.outcome[0].upper()}{report.outcome[1:]}"
    told = (say("{outcome}.", outcome=outcome), *report.notes)
    return "".join(map(note, told)) + f'<dl class="facts">{terms}</dl>'
