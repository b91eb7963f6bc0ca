"""`python -m deblur quantize`: from a model to a file that is smaller, or faster."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur.cli.console import ERR, OUT, plain_errors
from deblur.cli.needs import require_torch
from deblur.cli.options import Variant
from deblur.weights import fetch_weights, find_model, sha256_of

if TYPE_CHECKING:
    from deblur.publish.quantize import Parity

EXAMPLES = Path("examples")


def quantize(
    model: Annotated[str, typer.Argument(help="A name from `models`, a file or owner/name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.onnx.")],
    precision: Annotated[Variant, typer.Option(help="What to round to.")] = Variant.int8,
    photos: Annotated[
        Path, typer.Option(help="Blurred photos: half their tiles calibrate, half measure.")
    ] = EXAMPLES,
    symmetric: Annotated[
        bool, typer.Option(help="int8 for TensorRT; processors run it slowly.")
    ] = False,
) -> None:
    """Write a model at int8 or fp16; the file contains its measured difference from fp32."""
    with plain_errors():
        require_torch("quantising")
        from deblur.publish.quantize import quantize as make_variant

        spec = find_model(model)
        parity = make_variant(
            spec,
            fetch_weights(spec, ".onnx"),
            output,
            photos,
            precision=precision.value,
            symmetric=symmetric,
            tell=lambda text: ERR.print(text),
        )
    OUT.print(f"{output}  {output.stat().st_size / 1e6:.1f} MB  sha256 {sha256_of(output)}")
    tell_variant(parity, precision)


def tell_variant(parity: "Parity", precision: Variant) -> None:
    """Say how far a variant is from fp32, and how it was made."""
    OUT.print(
        f"{precision.value} from fp32: {parity.psnr_db:.1f} dB over {parity.tiles} tiles, "
        f"{parity.worst_db:.1f} dB in the worst"
    )
    if parity.in_float:
        OUT.print(f"calibration {parity.calibration}; in float: {', '.join(parity.in_float)}")
