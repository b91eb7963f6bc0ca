"""The models in plain words: one on top, the others folded below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from deblur.catalog import CATALOG
from deblur.language import say
from deblur.weights import is_here


@dataclass(frozen=True)
class Measured:
    """What the board knows of a model: dB of PSNR over the blurred photos, and s per megapixel."""

    gain: float | None = None
    seconds: float | None = None


Measure = Callable[[str], Measured]


def chooser_html(models: Sequence[str], chosen: str, measure: Measure) -> str:
    """A group of radio buttons as safe HTML; the first model is the one to recommend."""
    first, *others = models
    groups: dict[str, str] = {}
    for model in others:
        group = _group(model)
        groups[group] = groups.get(group, "") + _card(model, chosen, measure, "")
    folded = "".join(
        f'<p class="group">{name}</p>{cards}' for name, cards in groups.items() if cards
    )
    opened = " open" if chosen != first else ""
    return (
        f'<fieldset class="models"><legend>{say("Model")}</legend>'
        f"{_card(first, chosen, measure, say('recommended'))}"
        f'<details{opened}><summary data-key="models">{say("Other models")}</summary>'
        f"{folded}</details></fieldset>"
    )


def plain_name(model: str) -> str:
    """What a model is for, in a word or two; its title where it has none."""
    names = {
        "auto": say("Automatic"),
        "residual-unet-xs": say("Fast"),
        "residual-unet-s": say("Larger"),
        "residual-unet-m": say("Largest"),
        "residual-unet-xs-shake": say("Strong shake"),
        "residual-unet-xs-focus": say("Out of focus"),
        "residual-unet-xs-text": say("Print and screens"),
    }
    return names.get(model) or (CATALOG[model].title if model in CATALOG else model)


def _group(model: str) -> str:
    spec = CATALOG.get(model)
    if spec is None or model in ("residual-unet-xs", "residual-unet-s", "residual-unet-m"):
        return say("For every blur")
    if model.startswith("residual-unet-"):
        return say("For one kind of blur")
    if spec.by_others:
        return say("By others")
    return say("Baselines, for comparison")


def _card(model: str, chosen: str, measure: Measure, badge: str) -> str:
    checked = " checked" if model == chosen else ""
    title = CATALOG[model].title if model in CATALOG else say("looks at the photo first")
    name = plain_name(model)
    below = f"<span>{escape(title)}</span>" if title != name else ""
    marked = f"<em>{badge}</em>" if badge else ""
    if model in CATALOG and not is_here(CATALOG[model]):
        megabytes = (CATALOG[model].weights[0].bytes or 0) / 1e6
        marked += f"<span>({say('has to be fetched: {size} MB', size=f'{megabytes:.0f}')})</span>"
    return (
        f'<label class="card"><input type="radio" name="model" value="{escape(model)}"'
        f' data-key="model-{escape(model)}"{checked}><b>{escape(name)}</b>{marked}{below}'
        f'<span class="measured">{_told(measure(model))}</span></label>'
    )


def _told(measured: Measured) -> str:
    parts = []
    if measured.gain is not None:
        parts.append(say("gains {gain} dB", gain=f"{measured.gain:+.1f}"))
    if measured.seconds is not None:
        parts.append(say("{seconds} s per megapixel", seconds=f"{measured.seconds:.1f}"))
    return " · ".join(parts)
