"""How long the board takes to load, to rank and to show: 10,000 made-up runs of 100 pictures.

python scripts/board_times.py [RUNS]
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from deblur.records.run_result import RunResult, mean_scores, read_record
from leaderboard.store.entries import Entry
from leaderboard.store.folder_store import FolderStore
from leaderboard.table.cells import payload
from leaderboard.table.table import build_table
from leaderboard.table.views import View
from leaderboard.tabs.leaderboard_tab import figures, write_downloads

PATTERN = Path(__file__).parents[1] / "tests" / "records" / "record-of-schema-1.json"
DATASETS, IMAGES = 10, 100


def made_up(pattern: RunResult, number: int) -> RunResult:
    """A record whose pictures' scores are around those of the pattern."""
    noise = np.random.default_rng(number).normal(0, 1, IMAGES)
    images = tuple(
        pattern.images[0].model_copy(
            update={"id": f"{place:03}", "scores": {"psnr": 28 + float(noise[place]), "ssim": 0.8}}
        )
        for place in range(IMAGES)
    )
    metrics = {name: pattern.metrics[name] for name in ("psnr", "ssim")}
    dataset = {"name": f"made-up-{number % DATASETS}", "images": IMAGES}
    changes = {
        "dataset": pattern.dataset.model_copy(update=dataset),
        "model": pattern.model.model_copy(update={"name": f"model-{number // DATASETS}"}),
        "images": images,
        "metrics": metrics,
        "means": mean_scores(images, ["psnr"]),
    }
    return pattern.model_copy(update=changes)


def main(runs: int) -> None:
    """Make the runs, and print seconds cold and warm."""
    pattern = read_record(PATTERN)
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(Path(folder))
        for number in range(runs):
            record = made_up(pattern, number)
            store.add(Entry(kind="measured", record=record, submitted=record.date[:10]))
        for state in ("cold", "warm"):
            start = time.perf_counter()
            board = store.load()
            print(f"{state}: {len(board.rows)} rows in {time.perf_counter() - start:.2f} s")
        start = time.perf_counter()
        table = build_table(board, "made-up-0")
        print(f"ranked: {len(table.frame)} rows in {time.perf_counter() - start:.2f} s")
        start = time.perf_counter()
        payload(table.frame, View().shown(table), board.rows)
        write_downloads(table, Path(folder))
        figures(table, table.frame, board)
        print(f"made ready for the page in {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
