"""What the page tells its visitor, as safe HTML."""

from html import escape

from deblur.catalog import CATALOG
from deblur.errors import DeblurError
from deblur.files import without_folders
from deblur.page.opening import Opened
from deblur.page.restorers import ENGINES
from deblur.restorer import RestoreReport


def note(text: str) -> str:
    """A sentence for the visitor."""
    return f'<p class="note" role="status">{escape(text)}</p>'


def failure(error: DeblurError) -> str:
    """What went wrong, as a sentence that stays; it names no folder of this machine."""
    told = without_folders(str(error))
    return f'<p class="failure" role="alert"><b>That did not work:</b> {escape(told)}.</p>'


def describe(photo: Opened) -> str:
    """What came in."""
    parts = [
        f"{photo.width} × {photo.height}",
        f"{photo.megapixels:.1f} MP",
        photo.format,
        f"{photo.bits} bits",
        *(["with transparency"] if photo.transparent else []),
    ]
    return note(" · ".join((*parts, *photo.notes)))


def account_for(report: RestoreReport) -> str:
    """What ran, on what, and for how long."""
    facts = {
        "Model": " + ".join(CATALOG[name].title for name in report.models) or "none",
        "Engine": f"{ENGINES.get(report.backend, report.backend)}, {report.execution_provider}",
        "Device": f"{report.device}, {report.precision}",
        "Tiles": f"{report.tiles} of {report.tile[1]} × {report.tile[0]}",
        "Photo": f"{report.megapixels:.1f} MP",
        "Time": f"{report.seconds:.1f} s",
    }
    terms = "".join(
        f"<div><dt>{term}</dt><dd>{escape(at)}</dd></div>" for term, at in facts.items()
    )
    told = (*report.found, f"{report.outcome[0].upper()}{report.outcome[1:]}.", *report.notes)
    return "".join(map(note, told)) + f'<dl class="facts" role="status">{terms}</dl>'
