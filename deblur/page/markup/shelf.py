"""The photos of a visit as a row of thumbnails, each with what became of it and until when."""

from html import escape

from deblur.errors import CancelledError
from deblur.language import say
from deblur.page.photo_routes import photo_address
from deblur.page.visiting.visits import Photo, Visit, Visits
from deblur.restoring.report import MIN_CHANGED


def shelf_html(visits: Visits, visit: Visit) -> str:
    """The photos as safe HTML; nothing where there are none."""
    if not visit.photos:
        return ""
    items = "".join(_item(visits, visit, photo) for photo in visit.photos.values())
    return f'<ul class="shelf" aria-label="{say("Photos of this visit")}">{items}</ul>{_all(visit)}'


def _item(visits: Visits, visit: Visit, photo: Photo) -> str:
    minutes = max(1, round(visits.seconds_left(photo) / 60))
    name, chosen = escape(photo.name), photo.id == visit.looked_at
    picture = photo_address(visit, photo, "small.jpg")
    return (
        f'<li><button type="button" class="thumb" data-event="select" data-photo="{photo.id}" '
        f'data-key="photo-{photo.id}" aria-pressed="{str(chosen).lower()}">'
        f'<img src="{picture}" alt=""><span class="name">{name}</span>'
        f'<span class="state">{_state(visit, photo)}</span></button>'
        f'<span class="until">{say("deleted in {minutes} min", minutes=minutes)}</span> '
        f'<button type="button" class="link" data-event="delete" data-photo="{photo.id}" '
        f'data-key="delete-{photo.id}" aria-label="{say("Delete {name} now", name=name)}">'
        f"{say('Delete now')}</button></li>"
    )


def _state(visit: Visit, photo: Photo) -> str:
    if photo is visit.next:
        return say("restoring")
    if photo.waits:
        return say("waiting")
    if photo.trouble:
        return say("stopped") if isinstance(photo.trouble, CancelledError) else say("failed")
    if photo.result and photo.result.report.changed < MIN_CHANGED:
        return say("almost unchanged")
    if photo.result:
        return say("restored, {seconds} s", seconds=f"{photo.result.report.seconds:.1f}")
    return say("not restored yet")


def _all(visit: Visit) -> str:
    """What can be done with all photos at once."""
    if len(visit.photos) < 2:
        return ""
    done = sum(1 for photo in visit.photos.values() if photo.result)
    zipped = (
        f'<a class="button" data-strength href="photos/{visit.key}/all/zip?format={visit.format}'
        f'&amp;strength=100" download>{say("Download all as a zip")}</a>'
        if done
        else ""
    )
    return (
        '<div class="all"><button type="button" class="button" data-event="submit" '
        f'data-key="all">{say("Restore all")}</button>{zipped}'
        f'<span role="status">{say("{done} of {all} restored", done=done, all=len(visit.photos))}'
        "</span></div>"
    )
