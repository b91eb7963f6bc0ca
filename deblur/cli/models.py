"""`python -m deblur models`: what there is to choose from."""

import dataclasses
import json
from typing import Annotated

import typer
from rich.table import Table

from deblur.catalog import CATALOG
from deblur.cli.console import OUT
from deblur.restoring.guide import GUIDED
from deblur.spec import ModelSpec
from deblur.weights import PRETRAINED, how_to_fetch, is_here


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the models with their size, cost and licence."""
    if as_json:
        OUT.print_json(json.dumps([dataclasses.asdict(spec) for spec in CATALOG.values()]))
        return
    table = Table(box=None, header_style="bold")
    table.add_column("model", no_wrap=True)
    for title in ("parameters", "GMAC/MP", "MB"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("licence", no_wrap=True)
    table.add_column("")
    for spec in CATALOG.values():
        table.add_row(
            spec.name,
            f"{spec.parameters:,}" if spec.parameters else "-",
            f"{spec.macs_per_megapixel:.1f}" if spec.macs_per_megapixel else "-",
            _megabytes(spec),
            spec.licence,
            _remark(spec),
        )
    OUT.print(table)
    for spec in CATALOG.values():
        if spec.from_elsewhere and not is_here(spec):
            OUT.print(f"{spec.name} {how_to_fetch(spec)}")


def _megabytes(spec: ModelSpec) -> str:
    ref = spec.weights_file(".onnx")
    if ref is None:
        return "-"
    size = ref.bytes or (PRETRAINED / ref.file).stat().st_size
    return f"{size / 1e6:.1f}"


def _remark(spec: ModelSpec) -> str:
    if spec.name in GUIDED:
        return "picked by auto"
    if spec.from_elsewhere:
        return "fetched" if is_here(spec) else "has to be fetched"
    return "" if spec.weights else "to be trained"
