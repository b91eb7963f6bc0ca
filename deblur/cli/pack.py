"""`python -m deblur pack`: a training set as one small archive."""

from pathlib import Path
from typing import Annotated

import typer

from deblur.cli.console import ERR, OUT, plain_errors
from deblur.cli.needs import require_torch
from deblur.errors import ConfigError

MAX_MIB = 2**30


def pack(
    data: Annotated[
        list[str],
        typer.Option(
            help="What to pack: [KIND:]PATH, KIND one of photos, pairs, frames and gopro. "
            "Repeatable."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.zip.")],
    max_mib: Annotated[
        float, typer.Option(min=0.01, help="Largest size of the archive, in MiB.")
    ] = 48,
    long_side: Annotated[
        int,
        typer.Option(min=16, max=16383, help="Reduce larger pictures to this side in px."),
    ] = 1400,
    licence: Annotated[
        str, typer.Option(help="A line on the photos' licences, kept in the manifest.")
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an archive that exists.")
    ] = False,
) -> None:
    """Pack photos and pairs for `train --data FILE.zip`, at the best quality that fits."""
    with plain_errors():
        require_torch("packing")
        from deblur.training.config import SourceConfig
        from deblur.training.data.archive import pack as pack_sources

        sources = [SourceConfig.parse(text) for text in data]
        if not max_mib < MAX_MIB:
            raise ConfigError(f"--max-mib: expected less than {MAX_MIB:,}, not {max_mib}")
        limit = int(max_mib * 2**20)
        packed = pack_sources(
            sources,
            output,
            limit,
            long_side=long_side,
            licence=licence,
            overwrite=overwrite,
        )
    OUT.print(
        f"{output}  {output.stat().st_size / 2**20:.2f} MiB of WebP at quality {packed.quality}, "
        f"at most {packed.long_side} px"
    )
    for source in packed.sources:
        OUT.print(f"  {source.kind}:{output}/{source.path}  {source.packed} of {source.found}")
    if any(source.packed < source.found for source in packed.sources):
        ERR.print("not everything fitted: allow more with --max-mib, or lower --long-side")
