"""`python -m deblur tune`: measures once which engine is the fastest on this machine."""

from typing import Annotated

import typer
from rich.table import Table

from deblur.backends import Wishes, choices
from deblur.backends.measuring import measure_ways
from deblur.backends.tuned import Measured, keep_measured
from deblur.catalog import CATALOG
from deblur.cli.console import ERR, OUT, plain_errors
from deblur.restoring.tiled_network import weights_of
from deblur.spec import ModelSpec
from deblur.weights import find_model

_BASELINE = ("onnx", "fp32")
"""What is there everywhere, and what times are compared with."""


def tune(
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL", help="A name from `models`; repeatable (default: all shipped models)."
        ),
    ] = None,
) -> None:
    """Measure every engine of this machine on each model; `restore` then uses the fastest.

    Run it again after the processor or an engine has changed.
    """
    with plain_errors():
        for name in model or _one_of_each_network():
            spec = find_model(name)
            ERR.print(f"measuring {spec.name}")
            measured = tuple(measure_ways(spec, weights_of, ERR.print))
            place = keep_measured(spec, measured)
            _report(spec, measured)
    OUT.print(f"kept in {place}")


def _one_of_each_network() -> list[str]:
    """Models of one architecture and size take the same time."""
    here = [spec for spec in CATALOG.values() if spec.weights and not spec.from_elsewhere]
    networks = {(spec.architecture, str(spec.arguments)): spec.name for spec in reversed(here)}
    return [spec.name for spec in here if spec.name in networks.values()]


def _report(spec: ModelSpec, measured: tuple[Measured, ...]) -> None:
    table = Table(title=spec.name, title_justify="left", box=None, header_style="bold")
    for title in ("engine", "device", "precision"):
        table.add_column(title)
    for title in ("s per MP", "times as fast", "from fp32"):
        table.add_column(title, justify="right")
    usual = next((each for each in measured if (each.engine, each.precision) == _BASELINE), None)
    for each in sorted(measured, key=lambda each: each.seconds):
        times = f"{usual.seconds / each.seconds:.2f}" if usual else ""
        far = f"{each.parity:.0f} dB" + ("" if each.is_right else ": wrong, not taken")
        table.add_row(each.engine, each.device, each.precision, f"{each.seconds:.3f}", times, far)
    OUT.print(table)
    for words, wishes, why in (
        ("auto", Wishes(), "the fastest of those that differ by nothing that anybody sees"),
        ("--fast", Wishes(fast=True), "the fastest of all that come near"),
    ):
        taken = choices(spec, wishes)[0]
        OUT.print(f"{words} takes {taken.engine} on {taken.device} at {taken.precision}: {why}")
