"""`python -m deblur export`: from a checkpoint to a file that others can run."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from deblur.cli.console import OUT, plain_errors
from deblur.cli.needs import require_torch
from deblur.cli.options import Variant
from deblur.cli.quantize import EXAMPLES, tell_variant
from deblur.weights import find_model, sha256_of


def export(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt of a training run.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.onnx or FILE.safetensors.")],
    name: Annotated[
        str | None, typer.Option(help="What the model is called [the name that it was trained as].")
    ] = None,
    trained_on: Annotated[
        list[str] | None,
        typer.Option(help="What it was trained on, for its description; repeat for more."),
    ] = None,
    precision: Annotated[
        Variant | None, typer.Option(help="Round the .onnx, as `quantize` does [fp32].")
    ] = None,
    photos: Annotated[
        Path, typer.Option(help="Blurred photos that --precision is measured with.")
    ] = EXAMPLES,
) -> None:
    """Write the averaged weights of a run, checked against torch, with the model's description."""
    with plain_errors():
        require_torch("exporting")
        from deblur.publish.onnx_export import export as export_network
        from deblur.training.checkpoint import load_checkpoint

        saved = load_checkpoint(checkpoint)
        config = saved.training_config()
        sources = (f"{source.kind}: {Path(source.path).name}" for source in config.sources)
        spec = replace(
            find_model(config.model),
            name=name or config.model,
            arguments=config.arguments,
            trained_on=tuple(trained_on or sources),
        )
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
