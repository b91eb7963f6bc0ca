"""`python -m deblur export`: from a checkpoint to a file that others can run."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from deblur.catalog import CATALOG
from deblur.cli.console import OUT, plain_errors
from deblur.cli.needs import require_torch
from deblur.cli.options import Variant
from deblur.cli.quantize import EXAMPLES, tell_variant
from deblur.errors import UnknownModelError
from deblur.spec import ModelSpec
from deblur.weights import sha256_of

if TYPE_CHECKING:
    from deblur.training.config import TrainingConfig

Name = Annotated[
    str | None,
    typer.Option(help="What the model is called (default: the name that it was trained as)."),
]
TrainedOn = Annotated[
    list[str] | None,
    typer.Option(help="What it was trained on, for its description; repeat for more."),
]
Licence = Annotated[str, typer.Option(help="Licence of the weights, as the Hub names it.")]


def export(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of a training run.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.onnx or FILE.safetensors.")],
    name: Name = None,
    trained_on: TrainedOn = None,
    licence: Licence = "Apache-2.0",
    precision: Annotated[
        Variant | None, typer.Option(help="Round the .onnx, as `quantize` does (default: fp32).")
    ] = None,
    photos: Annotated[
        Path, typer.Option(help="Blurred photos that --precision is measured with.")
    ] = EXAMPLES,
) -> None:
    """Write the averaged weights of a run, compared with torch, with the model's description."""
    with plain_errors():
        require_torch("exporting")
        from deblur.publish.onnx_export import export as export_network
        from deblur.training.run.checkpoint import load_checkpoint

        saved = load_checkpoint(checkpoint)
        spec = described(saved.training_config(), name, trained_on, licence)
        if precision is None:
            difference = export_network(spec, saved.ema, output)
        else:
            from deblur.publish.quantize import quantize

            with TemporaryDirectory() as folder:
                full = Path(folder) / "fp32.onnx"
                difference = export_network(spec, saved.ema, full)
                parity = quantize(spec, full, output, photos, precision=precision.value)
    OUT.print(f"{output}  {output.stat().st_size / 1e6:.1f} MB  sha256 {sha256_of(output)}")
    if output.suffix == ".onnx":
        OUT.print(f"largest difference between torch and ONNX Runtime: {difference:.1e}")
    if precision is not None:
        tell_variant(parity, precision)


def described(
    config: "TrainingConfig", name: str | None, trained_on: list[str] | None, licence: str
) -> ModelSpec:
    """The description of what a run trained, without weights."""
    spec = _nearest_model(config)
    if name and name != spec.name:
        spec = replace(spec, title=CATALOG[name].title if name in CATALOG else name)
    sources = (f"{source.kind}: {Path(source.path).name}" for source in config.sources)
    return replace(
        spec,
        name=name or config.model,
        arguments=config.arguments,
        trained_on=tuple(trained_on or sources),
        licence=licence,
        weights=(),
    )


def _nearest_model(config: "TrainingConfig") -> ModelSpec:
    """The catalog's model that a run trained, or the one that is most like it.

    What the catalog counted holds for its own arguments only.
    """
    from deblur.networks import build_network, size_multiple

    def likeness(spec: ModelSpec) -> tuple[bool, bool]:
        same = dict(spec.arguments) == dict(config.arguments)
        return spec.name == config.model, same

    alike = [spec for spec in CATALOG.values() if spec.architecture == config.architecture]
    if not alike:
        raise UnknownModelError(f"the catalog has no model of architecture {config.architecture}")
    nearest = max(alike, key=likeness)
    found = replace(nearest, value_range=config.value_range)
    if nearest.name != config.model:
        found = replace(found, title=config.model)
    if dict(config.arguments) == dict(nearest.arguments):
        return found
    multiple = size_multiple(build_network(config.architecture, config.arguments))
    return replace(found, size_multiple=multiple, parameters=None, macs_per_megapixel=None)
