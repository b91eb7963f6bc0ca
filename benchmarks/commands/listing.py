"""`datasets`, `models`, `metrics`, `manifest` and `download`: what there is to measure with."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from benchmarks.baselines import BASELINES
from benchmarks.commands.console import ERR, OUT
from benchmarks.datasets import DATASETS, find_dataset
from benchmarks.datasets.download import download_dataset
from benchmarks.datasets.manifest import make_manifest, write_manifest
from benchmarks.metrics import METRICS
from deblur.catalog import CATALOG
from deblur.cli.console import plain_errors
from deblur.spec import ModelSpec
from deblur.weights import how_to_fetch, is_here


def datasets() -> None:
    """List the datasets, with their folder layouts and sources."""
    table = _table("dataset", "what", "layout")
    for spec in DATASETS.values():
        table.add_row(spec.name, spec.title, spec.home.wanted or "comes with the project")
    OUT.print(table)
    OUT.print("\n`python -m benchmarks download NAME` fetches one or says where it comes from.")


def models() -> None:
    """List the models and baselines; files and Hub repositories can be measured, too."""
    table = _table("model", "what", "weights")
    for spec in CATALOG.values():
        table.add_row(spec.name, spec.title, _source(spec))
    for baseline in BASELINES.values():
        table.add_row(baseline.name, baseline.title, "needs none")
    OUT.print(table)
    for spec in CATALOG.values():
        if spec.from_elsewhere and not is_here(spec):
            OUT.print(f"{spec.name} {how_to_fetch(spec)}")


def metrics() -> None:
    """List the metrics with their definitions; every metric of pyiqa works by its pyiqa name."""
    table = _table("metric", "better", "held against", "definition")
    for metric in METRICS.values():
        table.add_row(metric.name, metric.better, metric.against, metric.definition)
    OUT.print(table)


def manifest(
    dataset: Annotated[str, typer.Argument(help="A name from `datasets`.")],
    root: Annotated[Path, typer.Option(help="Its folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The manifest, a JSON file.")],
) -> None:
    """Write the list of a dataset's files, so that `run --manifest` finds changes."""
    with plain_errors():
        items = find_dataset(dataset).layout(root).items
        write_manifest(make_manifest(dataset, items), output)
        ERR.print(f"{len(items)} pictures: {output}")


def download(
    dataset: Annotated[str, typer.Argument(help="A name from `datasets`.")],
    root: Annotated[Path, typer.Option(help="Where to put it.")] = Path("data"),
    repo: Annotated[str | None, typer.Option(help="A mirror on the Hub, owner/name.")] = None,
    revision: Annotated[str | None, typer.Option(help="Its branch, tag or commit.")] = None,
) -> None:
    """Fetch a dataset from the Hugging Face Hub, or print its source."""
    with plain_errors():
        folder = download_dataset(dataset, root, repo=repo, revision=revision, tell=_print)
        OUT.print(
            f"python -m benchmarks run --dataset {dataset}={folder}", markup=False, soft_wrap=True
        )


def _print(text: str) -> None:
    ERR.print(text, markup=False, soft_wrap=True)


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _source(spec: ModelSpec) -> str:
    if spec.from_elsewhere:
        return "fetched" if is_here(spec) else "has to be fetched"
    return "shipped" if spec.weights else "to be trained"
