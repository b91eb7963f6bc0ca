"""The statistics keep their word: 95 %, and no ranks where there is no difference."""

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.running.coverage import PICTURES, SHAPES, Coverage, measure_coverage
from deblur.records.statistics import MIN_PICTURES

TRIALS = 600
CHANCE = 0.027
"""Three standard deviations of a share of 95 % in so many trials."""


@pytest.fixture(scope="module")
def found() -> list[Coverage]:
    return [*measure_coverage(TRIALS)]


def test_intervals_hold_the_truth_as_often_as_they_say(found: list[Coverage]) -> None:
    for each in found:
        if each.pictures >= MIN_PICTURES:
            assert 0.93 - CHANCE < each.covered < 0.97 + CHANCE, each
        elif each.shape == "normal":
            assert each.covered > 0.95 - CHANCE, each


def test_equally_good_models_share_a_rank(found: list[Coverage]) -> None:
    for each in found:
        assert each.false_ranks < (0.07 + CHANCE if each.pictures >= MIN_PICTURES else 1e-9), each
    normal = [each.false_ranks for each in found if each.shape == "normal" and each.pictures >= 5]
    assert 0.005 < sum(normal) / len(normal) < 0.05, "and some are parted, so they are judged"


def test_the_command_says_the_same_for_the_same_seed(found: list[Coverage]) -> None:
    run = [CliRunner().invoke(app, ["coverage", "--trials", "5"]) for _ in range(2)]
    assert run[0].exit_code == 0
    assert run[0].stdout == run[1].stdout
    assert all(shape in run[0].stdout for shape in SHAPES)
    assert len(found) == len(SHAPES) * len(PICTURES)
