"""The board's words in the language of the page."""

import json
from pathlib import Path

import pytest

import leaderboard
from benchmarks.metrics import METRICS
from deblur.language import Language, speaking
from leaderboard.table.words import defined

REPORTED = Path(leaderboard.__file__).parent / "data" / "reported"
BY_NAME_ONLY = "pyiqa"
"""A definition that is a package's name and its settings is the same in all languages."""


def _definitions() -> set[str]:
    measured = {metric.definition for metric in METRICS.values()}
    reported = {
        metric["definition"]
        for path in REPORTED.glob("*.json")
        for metric in json.loads(path.read_text())["metrics"].values()
    }
    return {each for each in measured | reported if not each.startswith(BY_NAME_ONLY)}


@pytest.mark.parametrize("definition", sorted(_definitions()))
def test_a_metrics_definition_is_in_the_visitors_language(definition: str) -> None:
    with speaking(Language.chinese):
        assert defined(definition) != definition
