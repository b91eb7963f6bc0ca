"""`python -m benchmarks run`: measure models on datasets, and write their records."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from benchmarks.baselines import BASELINES
from benchmarks.commands.console import ERR, OUT
from benchmarks.commands.handing_in import hand_in, read_about
from benchmarks.datasets import Dataset, open_dataset
from benchmarks.datasets.manifest import load_manifest
from benchmarks.errors import BenchmarkError
from benchmarks.methods import MethodChoice
from benchmarks.metrics import find_metric
from benchmarks.running.runner import OnProgress, TaskProgress
from benchmarks.running.runner import run as carry_out_run
from benchmarks.running.shards import Task
from benchmarks.tables import record_table
from deblur.catalog import CATALOG
from deblur.cli.console import plain_errors
from deblur.cli.options import (
    BackendChoice,
    CrewChoice,
    CrewName,
    DeviceName,
    OwnPrecision,
    RayAddress,
    RayGpus,
    Threads,
    TileSide,
    Workers,
)
from deblur.crews import Crew
from deblur.records.commands import without_places
from deblur.records.run_result import RunResult, folder_of
from deblur.spec import Precision

RESULTS = Path("results")


_Models = Annotated[
    list[str] | None,
    typer.Option(
        help="A name from `models`, a file or owner/name; repeatable (default: all that run)."
    ),
]
_Datasets = Annotated[
    list[str] | None,
    typer.Option(help="NAME or NAME=FOLDER, from `datasets`; repeatable (default: mini)."),
]
_Root = Annotated[Path | None, typer.Option(help="The folder of a single dataset.")]
_Metrics = Annotated[
    str | None,
    typer.Option(help="Names from `metrics`, separated by commas (default: the dataset's own)."),
]
_Backends = Annotated[
    list[BackendChoice] | None, typer.Option(help="Engine; repeatable (default: auto).")
]
_Subset = Annotated[
    str | None,
    typer.Option(
        help="Measure the pictures in the folder as a part of the dataset, under this name."
    ),
]
_Limit = Annotated[
    int | None,
    typer.Option(min=1, help="Take this number of pictures, at even distances; needs --subset."),
]
_Manifest = Annotated[Path | None, typer.Option(help="Compare the pictures with this manifest.")]
_ImagesFrom = Annotated[
    Path | None,
    typer.Option(help="Score the pictures that --model, any name, restored into this folder."),
]
_Save = Annotated[Path | None, typer.Option(help="Write restored pictures to FOLDER/MODEL/ID.png.")]
_Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of records, or a .json for one.")
]
_Submit = Annotated[
    str | None, typer.Option(help="Submit the records to the board at this address.")
]
_About = Annotated[
    Path | None,
    typer.Option(help="JSON for --submit: licence, training_data, contact, link, note."),
]


def run(
    model: _Models = None,
    dataset: _Datasets = None,
    root: _Root = None,
    metrics: _Metrics = None,
    backend: _Backends = None,
    device: DeviceName = "auto",
    precision: OwnPrecision = None,
    tile: TileSide = None,
    threads: Threads = None,
    subset: _Subset = None,
    limit: _Limit = None,
    manifest: _Manifest = None,
    images_from: _ImagesFrom = None,
    save: _Save = None,
    cost: Annotated[bool, typer.Option(help="Measure time and memory, too.")] = True,
    crew: CrewName = CrewChoice.serial,
    workers: Workers = 1,
    address: RayAddress = None,
    gpus: RayGpus = 0.0,
    output: _Output = RESULTS,
    submit: _Submit = None,
    about: _About = None,
) -> None:
    """Measure models on datasets. If a run is stopped, the same command continues it."""
    with plain_errors():
        statement = _read_about(submit, about)
        if images_from is not None and len(model or ()) != 1:
            raise BenchmarkError("--images-from scores one program's pictures: name it by --model")
        if save is not None and (len(dataset or ()) > 1 or len(backend or ()) > 1):
            raise BenchmarkError(
                "--save writes FOLDER/MODEL/ID.png: name one dataset and one backend"
            )
        asked: Precision | None = precision.value if precision else None
        methods = [
            MethodChoice(name, each.value, device, asked, tile, threads, images_from)
            for name in model or _all_that_run()
            for each in backend or [BackendChoice.auto]
        ]
        known = load_manifest(manifest) if manifest else None
        datasets = [
            open_dataset(name, folder, subset=subset, limit=limit, manifest=known)
            for name, folder in _places(dataset or ["mini"], root)
        ]
        if save is not None:
            _check_apart(methods)
        names = _metric_names(metrics)
        tasks = [_task(method, each, names, save) for each in datasets for method in methods]
        records = _measured(tasks, output, Crew(crew.value, workers, address, gpus), cost)
        show_records(list(records.values()))
        if submit is not None:
            _hand_in_all(submit, records, statement)


def _read_about(submit: str | None, about: Path | None) -> Mapping[str, str]:
    if submit is not None and about is None:
        raise BenchmarkError("--submit needs --about FILE: the board asks for a licence and more")
    return read_about(about) if about else {}


def _check_apart(methods: Sequence[MethodChoice]) -> None:
    """Raise BenchmarkError where the pictures of two models would go into one folder."""
    by_folder: dict[str, str] = {}
    for method in methods:
        folder = folder_of(method.name())
        if folder in by_folder:
            raise BenchmarkError(
                f"{by_folder[folder]} and {method.model} are both called {method.name()}, and "
                "--save would write the pictures of one over the other's: measure one at a time"
            )
        by_folder[folder] = method.model


def _hand_in_all(url: str, records: Mapping[Path, RunResult], about: Mapping[str, str]) -> None:
    """One refusal keeps no other record back; raises BenchmarkError with all of them at the end."""
    troubles = []
    for path, record in records.items():
        try:
            answer = hand_in(url, record, about)
        except BenchmarkError as error:
            troubles.append(f"{path}: {error}")
        else:
            waits = ", where it waits until it is accepted" if answer["waiting"] else ""
            OUT.print(f"{record.model.name} on {record.dataset.name}: {answer['id']}{waits}")
    if troubles:
        raise BenchmarkError("\n".join(troubles))


def _measured(tasks: Sequence[Task], output: Path, crew: Crew, cost: bool) -> dict[Path, RunResult]:
    """The records by their files."""
    command = without_places(shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]]))
    records = {}
    try:
        with _bars(tasks) as on_progress:
            for record, path in carry_out_run(
                tasks, output, crew=crew, cost=cost, command=command, on_progress=on_progress
            ):
                records[path] = record
                ERR.print(f"{path}")
    except KeyboardInterrupt as error:
        ERR.print("Stopped. What is finished is kept; the same command goes on from there.")
        raise typer.Exit(130) from error
    return records


def _all_that_run() -> list[str]:
    here = (spec.name for spec in CATALOG.values() if spec.weights and not spec.from_elsewhere)
    return [*BASELINES, *here]


def show_records(records: Sequence[RunResult]) -> None:
    """A table for each set of pictures and protocol."""
    groups: dict[tuple[str, str, str], list[RunResult]] = {}
    for record in records:
        key = record.dataset.name, record.dataset.digest, record.rules
        groups.setdefault(key, []).append(record)
    for group in groups.values():
        OUT.print(record_table(group))
        for line in filter(None, map(_without_a_score, group)):
            ERR.print(line)


def _without_a_score(record: RunResult) -> str:
    """What metrics said of pictures that they could not judge, the first of it."""
    noted = [image for image in record.images if image.notes]
    if not noted:
        return ""
    return (
        f"{record.model.name}: {len(noted)} of {len(record.images)} pictures lack a score; "
        f"{noted[0].id}: {noted[0].notes[0]}"
    )


def _places(given: Sequence[str], root: Path | None) -> list[tuple[str, Path | None]]:
    places = [text.partition("=") for text in given]
    if root is not None and len(places) != 1:
        raise BenchmarkError("--root is for one dataset; of several, name each as NAME=FOLDER")
    return [(name, Path(folder) if folder else root) for name, _, folder in places]


def _metric_names(text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    for name in names:
        find_metric(name)
    return names


def _task(
    method: MethodChoice, dataset: Dataset, names: tuple[str, ...], save: Path | None
) -> Task:
    sharp = all(item.sharp for item in dataset.items)
    wanting = [name for name in names if find_metric(name).against == "sharp" and not sharp]
    if wanting:
        raise BenchmarkError(
            f"{', '.join(wanting)}: {dataset.name} has no sharp pictures to compare with; choose "
            f"among {', '.join(dataset.spec.metrics)}"
        )
    tiling = "model" if method.tile is None else method.tile
    protocol = dataset.protocol.model_copy(update={"tiling": tiling})
    return Task(method, dataset, protocol, names or dataset.spec.metrics, save)


@contextmanager
def _bars(tasks: Sequence[Task]) -> Iterator[OnProgress]:
    """One line a task: pictures done, the running mean, and the time left."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[mean]}", markup=False),
        TimeRemainingColumn(compact=True),
    )
    with Bar(*columns, console=ERR) as bar:
        lines = {
            id(task): bar.add_task(_name(task), total=len(task.dataset.items), mean="")
            for task in tasks
        }

        def show(progress: TaskProgress) -> None:
            mean = "" if progress.mean is None else f"{progress.metric} {progress.mean:.3f}"
            line = lines[id(progress.task)]
            bar.update(line, completed=progress.done, total=progress.total, mean=mean)

        yield show


def _name(task: Task) -> str:
    backend = "" if task.method.backend == "auto" else f" ({task.method.backend})"
    return f"{task.method.model}{backend} on {task.dataset.name}"
