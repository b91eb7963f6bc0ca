"""Plots that can be read: names apart, twins merged, what is far off named and not drawn."""

from itertools import combinations

import numpy as np
import pandas as pd

from leaderboard.table.figures import merged, quality_against, without_outliers
from leaderboard.table.labels import LETTER, LINE, placed_labels


def rows_of(scores: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": [*scores],
            "backend": "onnx",
            "precision": "fp32",
            "psnr": [*scores.values()],
            "psnr_low": 0.0,
            "psnr_high": 1.0,
            "seconds_per_megapixel": np.geomspace(0.1, 10, len(scores)),
        }
    )


def test_names_cover_neither_each_other_nor_leave_the_plot() -> None:
    random = np.random.default_rng(0)
    points = [(float(x), float(y)) for x, y in random.uniform(40, 260, (12, 2))]
    names = [f"model-{number}" for number in range(12)]
    places = placed_labels(names, points, (300, 300))
    found = [
        (x + place[0], y + place[1], LETTER * len(name))
        for name, (x, y), place in zip(names, points, places, strict=True)
        if place
    ]
    assert len(found) > 8
    for (x, y, width), (x2, y2, width2) in combinations(found, 2):
        assert abs(x - x2) * 2 >= width + width2 or abs(y - y2) >= LINE
    assert all(width / 2 <= x <= 300 - width / 2 for x, _, width in found)


def test_a_name_without_room_is_left_out() -> None:
    assert placed_labels(["a-very-long-name"], [(10.0, 10.0)], (60, 60)) == [None]


def test_variants_that_score_and_cost_alike_are_one_point() -> None:
    rows = rows_of({"a": 25.0, "b": 25.0})
    twin = rows.head(1).assign(backend="torch", seconds_per_megapixel=0.11)
    slow = rows.head(1).assign(backend="numpy", seconds_per_megapixel=3.0)
    points = merged(pd.concat([rows, twin, slow]), "psnr", "seconds_per_megapixel")
    assert points["label"].tolist() == [
        *("a (onnx fp32, torch fp32)", "b (onnx fp32)", "a (numpy fp32)")
    ]


def test_what_is_far_worse_is_named_and_not_drawn() -> None:
    scores = {"a": 25.0, "b": 25.2, "c": 25.4, "d": 25.6, "off": 10.0, "best": 40.0}
    drawn, cut = without_outliers(rows_of(scores), "psnr", "higher")
    assert cut["model"].tolist() == ["off"]
    assert "best" in {*drawn["model"]}
    figure = quality_against(
        rows_of(scores), "psnr", "PSNR", "higher", "seconds_per_megapixel", 600
    )
    told = [each.text for each in figure.layout.annotations if "not drawn" in each.text]
    assert told == ["Far worse, not drawn:<br>off (10.00)"]
    assert len(figure.data[1].x) == 5
    assert figure.layout.yaxis.title.text == "PSNR (dB)"
    assert "seconds" in figure.layout.xaxis.title.text
