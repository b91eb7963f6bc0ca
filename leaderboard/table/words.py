"""What the page says for columns, kinds and choices, in the language that is spoken now."""

from deblur.language import say
from leaderboard.store.rows import ON_NEITHER, ON_TEST, ON_TRAIN
from leaderboard.table.table import Column, Direction


def heading(column: Column) -> str:
    """A column's title; a metric's is its name in every language."""
    return _headings().get(column.name, column.title)


def explanation(column: Column) -> str:
    """What a column holds, and which end of it is better."""
    definition = column.note.removesuffix(f"; {column.direction} is better")
    explanation = _explanations().get(column.name) or defined(definition)
    return say("; ").join(filter(None, [explanation, better(column.direction)]))


def defined(definition: str) -> str:
    """How a metric is taken, as its record defines it."""
    return {
        "dB, RGB, mean over all values": say("dB, RGB, mean over all values"),
        "dB, Y of BT.601, 16 to 235": say("dB, Y of BT.601, 16 to 235"),
        "dB, as each author measured it": say("dB, as each author measured it"),
        "as each author measured it; definitions differ": say(
            "as each author measured it; definitions differ"
        ),
        "PSNR in dB against the input picture: the higher, the less it was changed": say(
            "PSNR in dB against the input picture: the higher, the less it was changed"
        ),
        "Gaussian 11x11, each of R, G and B, mean of the three, inside only (Wang et al. 2004)": (
            say(
                "Gaussian 11x11, each of R, G and B, mean of the three, inside only (Wang et al. "
                "2004)"
            )
        ),
        "Gaussian 11x11 on Y of BT.601, inside only (Wang et al. 2004)": say(
            "Gaussian 11x11 on Y of BT.601, inside only (Wang et al. 2004)"
        ),
        "MATLAB's 11x11x11 window over RGB, edges repeated; what most papers report": say(
            "MATLAB's 11x11x11 window over RGB, edges repeated; what most papers report"
        ),
        "people's preference in the study's pairwise votes, as a Bradley-Terry score": say(
            "people's preference in the study's pairwise votes, as a Bradley-Terry score"
        ),
    }.get(definition, definition)


def better(direction: Direction | None) -> str:
    """Which end of a column is better, if any is."""
    ends = {"higher": say("higher is better"), "lower": say("lower is better")}
    return ends.get(direction or "", "")


def kind(name: str) -> str:
    """What a kind of row is called."""
    return {
        "measured": say("measured"),
        "verified": say("verified"),
        "self-reported": say("self-reported"),
        "reported": say("reported"),
    }.get(name, name)


def variant(name: str) -> str:
    """What a variant is called: its precision, engine or device, or the day of its run."""
    of, _, date = name.partition("run of ")
    return say("run of {date}", date=date) if date and not of else name


def seen_before(sentence: str) -> str:
    """Whether a model was trained on a dataset, as a row says it."""
    return {
        ON_TEST: say("trained on its test split"),
        ON_TRAIN: say("trained on its train split"),
        ON_NEITHER: say("neither is stated"),
    }.get(sentence, sentence)


def checked(sentence: str) -> str:
    """Who or what stands behind a row's scores, and since when."""
    what, comma, date = sentence.partition(", ")
    known = {
        "measured here": say("measured here"),
        "measured again": say("measured again"),
        "pictures scored here": say("pictures scored here"),
        "sums recomputed": say("sums recomputed"),
        "not checked": say("not checked"),
    }
    return f"{known.get(what, what)}{comma}{date}"


def size(name: str) -> str:
    """A choice of how many parameters a model may have."""
    if name == "any":
        return say("any")
    most = name.removeprefix("up to ")
    return say("up to {most}", most=most)


def _headings() -> dict[str, str]:
    return {
        "rank": say("rank"),
        "group": say("group"),
        "model": say("model"),
        "model_variant": say("variant"),
        "title": say("title"),
        "link": say("link"),
        "kind": say("kind"),
        "checked": say("checked"),
        "mos": "MOS",
        "seconds_per_megapixel": say("s/MP"),
        "parameters": say("parameters"),
        "macs_per_megapixel": "GMAC/MP",
        "memory": "MB",
        "images": say("pictures"),
        "licence": say("licence"),
        "trained_on": say("training data"),
        "contamination": say("seen before"),
        "backend": say("backend"),
        "device": say("device"),
        "precision": say("precision"),
        "provider": say("provider"),
        "date": say("date"),
        "source": say("source"),
        "id": "id",
    }


def _explanations() -> dict[str, str]:
    return {
        "rank": say("shared where the difference may be chance"),
        "group": say("ranked among themselves only"),
        "model_variant": say("of the model above: what differs from its ranked row"),
        "link": say("the model's card or paper"),
        "kind": say(
            "measured here; self-reported; verified: measured again; reported: figures from a paper"
        ),
        "checked": say(
            "how the scores were checked: measured here; measured again, and by whom; "
            "pictures scored here; or only the means recomputed from the submitted scores"
        ),
        "mos": say("mean opinion of people who rated its pictures blind, 1 to 5"),
        "seconds_per_megapixel": say("seconds per megapixel, median"),
        "macs_per_megapixel": say("multiply-accumulates per megapixel, 1e9"),
        "memory": say("peak, 1e6 bytes"),
        "images": say("pictures that were scored"),
        "contamination": say(
            "whether the model was trained on this dataset, as far as its author says"
        ),
        "provider": say("the execution provider that ran"),
        "source": say("where a reported row was published"),
        "id": "python -m leaderboard show ID",
    }
