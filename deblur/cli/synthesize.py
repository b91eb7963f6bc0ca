"""`python -m deblur synthesize`: see what a network will learn from."""

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from deblur.cli.console import OUT, plain_errors
from deblur.cli.needs import require_torch
from deblur.errors import OutputError, OutputExistsError
from deblur.files import replacing


def synthesize(
    photos: Annotated[Path, typer.Argument(help="Folder of sharp photos.")],
    preview: Annotated[Path, typer.Option(help="The picture sheet to write.")] = Path("blur.png"),
    count: Annotated[int, typer.Option(min=1, help="Pairs on the sheet.")] = 24,
    crop: Annotated[int, typer.Option(min=16, help="Side of each crop in pixels.")] = 224,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a sheet that exists.")
    ] = False,
) -> None:
    """Blur crops of sharp photos as training does, and write both on one sheet."""
    with plain_errors():
        require_torch("synthesising blur")
        if preview.suffix.lower() not in (".png", ".jpg", ".webp") or not preview.parent.is_dir():
            raise OutputError(f"{preview}: name a .png, .jpg or .webp in a folder that exists")
        if preview.exists() and not overwrite:
            raise OutputExistsError(
                f"{preview} exists already; name another with --preview, or pass --overwrite"
            )
        from deblur.training.data.preview import preview_sheet

        sheet = Image.fromarray(preview_sheet(photos, count, crop, seed))
        try:
            with replacing(preview) as temporary:
                sheet.save(temporary)
        except (OSError, ValueError) as error:
            size = f"{sheet.width}x{sheet.height}"
            reason = getattr(error, "strerror", None)
            advice = "" if reason else "; name a .png, or lower --count"
            raise OutputError(
                f"{preview}: a sheet of {size} cannot be written ({reason or error}){advice}"
            ) from error
    OUT.print(str(preview))
