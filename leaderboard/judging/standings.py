"""What people's votes come to, as HTML: opinions, strengths, and a published ranking beside."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from deblur.catalog import CATALOG
from deblur.language import say
from deblur.records.run_result import ReportedScores
from leaderboard.judging.arena import strengths
from leaderboard.judging.questions import Kind, counted_votes
from leaderboard.judging.raters import of_checked, weights_of
from leaderboard.judging.rating import mean_opinions
from leaderboard.judging.resampling import MIN_VOTES
from leaderboard.judging.votes import BLURRED, GRADES, SHARP, Vote

PUBLISHED = Path(__file__).parents[1] / "data" / "reported" / "lai-real.json"
"""The study whose method the arena follows."""

STUDY = "bradley_terry"

Line = tuple[str, float, float, float, int]
"""Model, score, its 95 % interval, votes."""


def standing_html(kind: Kind, votes: Sequence[Vote], dataset: str) -> str:
    """How the models stand on a dataset by the votes of one kind; empty before one counts."""
    heard = of_checked(votes)
    given = [vote for vote in heard if (vote.kind, vote.dataset) == (kind, dataset)]
    counted = [vote for vote in counted_votes(heard, dataset) if vote.kind == kind]
    former = _former_html(len(given) - len(counted))
    return _lines_html(kind, counted, weights_of(votes)) + former


def _former_html(count: int) -> str:
    if not count:
        return ""
    one = say(
        "1 vote is for earlier weights of these models, or for models that no longer take "
        "part. It is kept but not counted."
    )
    several = say(
        "{count} votes are for earlier weights of these models, or for models that no longer "
        "take part. They are kept but not counted.",
        count=f"{count:,}",
    )
    text = one if count == 1 else several
    return f'<p class="note">{text}</p>'


def _lines_html(kind: Kind, counted: Sequence[Vote], weights: Mapping[str, float]) -> str:
    if kind == "rating":
        opinions = mean_opinions(counted, weights)
        lines = [
            (model, each.mean, each.low, each.high, each.count) for model, each in opinions.items()
        ]
        return _standing(lines, "MOS", (min(GRADES), max(GRADES)), ".2f", "")
    found = strengths(counted, weights)
    lines = [(model, each.score, each.low, each.high, each.count) for model, each in found.items()]
    ends = [value for line in lines for value in line[1:4] if math.isfinite(value)] or [0.0]
    return _standing(
        lines, say("Strength score"), (min(ends), max(ends)), "+z.2f", published_html()
    )


def published_html() -> str:
    """The ranking of Lai et al., by people's preferences among methods of their time."""
    study = ReportedScores.read(PUBLISHED)
    ranked = sorted(study.rows, key=lambda row: -row.scores[STUDY])
    rows = "".join(
        f"<tr><td>{escape(row.model)}</td><td>{row.scores[STUDY]:+.2f}</td></tr>" for row in ranked
    )
    text = say(
        "The same preference model, on the study's 100 real photos and the methods of that "
        "time. Each list has its own zero: compare only differences within one list."
    )
    head = "".join(
        f'<th scope="col">{each}</th>' for each in (say("Method"), say("Strength score"))
    )
    return (
        f"<section><h3>{say('As published: Lai et al., CVPR 2016')}</h3>"
        f"<table><tr>{head}</tr>{rows}</table><p>{text}</p></section>"
    )


def _standing(
    lines: Sequence[Line], title: str, ends: tuple[float, float], digits: str, beside: str
) -> str:
    if not lines:
        return ""
    head = "".join(
        f'<th scope="col">{each}</th>'
        for each in (say("Model"), title, say("95 % interval"), say("Votes"))
    )
    rows = "".join(_row(line, digits, ends) for line in lines)
    text = say(
        "Answers count after a person has passed one check. Persons who distinguish originals from "
        "blurred pictures, and whose answers agree, count more."
    )
    return (
        f'<div class="standing"><section><h3>{say("Results")}</h3>'
        f"<table><tr>{head}</tr>{rows}</table><p>{text}</p></section>{beside}</div>"
    )


def _row(line: Line, digits: str, ends: tuple[float, float]) -> str:
    model, score, low, high, count = line
    places = _places({"low": low, "at": score, "high": high}, ends)
    text = say("{low} to {high}", low=f"{low:{digits}}", high=f"{high:{digits}}")
    bar = f'<span class="interval" style="{places}"></span>'
    sure = f"{bar}<span>{text}</span>" if count >= MIN_VOTES else say("too few votes")
    return (
        f'<tr><td>{escape(name_of(model))}</td><td class="score">{score:{digits}}</td>'
        f"<td>{sure}</td><td>{count:,}</td></tr>"
    )


def _places(values: Mapping[str, float], ends: tuple[float, float]) -> str:
    width = ends[1] - ends[0] or 1.0
    shares = {name: (value - ends[0]) / width for name, value in values.items()}
    return ";".join(f"--{name}:{min(1.0, max(0.0, share)):.3f}" for name, share in shares.items())


def name_of(model: str) -> str:
    """What a person reads for a model."""
    titles = {BLURRED: say("Blurred input"), SHARP: say("The original")}
    return titles.get(model) or (CATALOG[model].title if model in CATALOG else model)
