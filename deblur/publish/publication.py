"""Everything that a model's repository on the Hub holds, prepared in a folder."""

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from torch import Tensor

from deblur.errors import PublishError
from deblur.files import replace_file
from deblur.publish.evaluation import read_measured, result_files
from deblur.publish.hub_card import hub_card
from deblur.publish.repository import CARD, check_measured, write_repository
from deblur.spec import ModelSpec

CURVE = "curve.png"
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Story:
    """What a card tells that the weights do not.

    `training` maps properties of the run to their values, `history` has a record for each
    validation, `notes` is Markdown by the author; `invents` says that the network was trained to
    look plausible.
    """

    training: Mapping[str, str]
    history: Sequence[Mapping[str, float]] = ()
    notes: str = ""
    invents: bool = False


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder to prepare files in, until the block ends. Raises PublishError when it is full."""
    try:
        with TemporaryDirectory() as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        raise PublishError(
            f"no space is left in {gettempdir()} to prepare the files: free some, or set TMPDIR"
        ) from error


def prepare(
    repo: str,
    spec: ModelSpec,
    weights: dict[str, Tensor],
    story: Story,
    folder: Path,
    *,
    variants: Sequence[Path] = (),
    records: Sequence[Path] = (),
    benchmark: str | None = None,
) -> dict[str, Path]:
    """Write the files of the repository `repo` into a folder, and say where, by path in it.

    The same input gives the same bytes. `variants` are files that `quantize` made, `records`
    those of the benchmarks, of this model and of baselines beside it; with a `benchmark`, a
    dataset repository, the model's also become the Hub's evaluation-result files. Raises
    PublishError for what belongs to another model, ExportError when the export fails.
    """
    repository = write_repository(spec, weights, folder, variants)
    measurements = [read_measured(path) for path in records]
    for measured, path in zip(measurements, records, strict=True):
        check_measured(measured, path, repository.spec)
    files = dict(repository.files)
    if story.history:
        from deblur.publish.pictures import draw_curve

        files[CURVE] = folder / CURVE
        draw_curve(story.history, files[CURVE])
    texts = {
        CARD: hub_card(
            repo,
            repository,
            training=story.training,
            notes=story.notes,
            measurements=measurements,
            invents=story.invents,
            curve=CURVE in files,
        )
    }
    if benchmark:
        texts |= result_files(measurements, benchmark)
    for place, text in texts.items():
        files[place] = folder / place
        replace_file(files[place], text)
    return files
