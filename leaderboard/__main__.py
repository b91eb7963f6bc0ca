"""`python -m leaderboard`: show the board, submit a record, manage the board."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

from deblur.extras import lack_of

if _lacking := lack_of("the board", "pandas", "pyarrow", extra="page"):
    sys.exit(_lacking)

import typer
from rich.console import Console

from deblur.cli.console import plain_errors
from deblur.publish.evaluation import model_index, networks, result_files
from leaderboard.errors import MirrorError, StoreError
from leaderboard.intake.submission import examine
from leaderboard.intake.submission import submit as keep
from leaderboard.intake.verification import measure_again, verification, verified
from leaderboard.store.entries import Entry
from leaderboard.store.folder_store import Board, FolderStore
from leaderboard.store.mirrored_store import MirroredStore, open_store
from leaderboard.table.rendering import render, render_entry
from leaderboard.table.table import build_table, datasets_of

OUT = Console(soft_wrap=True, highlight=False, emoji=False, markup=False)
ERR = Console(soft_wrap=True, highlight=False, emoji=False, markup=False, stderr=True)

app = typer.Typer(
    help="The leaderboard: show it, submit records, manage it.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
Root = Annotated[
    Path | None,
    typer.Option(
        envvar="LEADERBOARD_ROOT",
        help="The store's folder (default: the project's own, or that of LEADERBOARD_REPO in "
        "the Hub's cache).",
    ),
]
Id = Annotated[str, typer.Argument(help="Id of an entry, as the table shows it.")]


@app.command()
def table(
    dataset: Annotated[
        str | None, typer.Option(help="Its name (default: the one with the most rows).")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Its digest (default: that of most rows).")
    ] = None,
    format: Annotated[str, typer.Option(help="text, csv, json or md.")] = "text",
    root: Root = None,
) -> None:
    """Show the rows of a dataset, ranked."""
    with plain_errors():
        board = _open(root).load()
        _print_problems(board)
        name = dataset or next(iter(datasets_of(board)), "")
        typer.echo(render(build_table(board, name, protocol), format), nl=False)


@app.command()
def show(id: Id, root: Root = None) -> None:
    """Show an entry and its history."""
    with plain_errors():
        store = _open(root)
        OUT.print(render_entry(store.entry(id), store.history(id)))


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="A record that `python -m benchmarks run` wrote.")],
    licence: Annotated[str, typer.Option(help="Licence of the weights.")],
    training_data: Annotated[str, typer.Option(help="Datasets and splits it was trained on.")],
    contact: Annotated[str, typer.Option(help="A contact address; the board shows it.")],
    link: Annotated[str, typer.Option(help="https address, or owner/name\\[@revision].")] = "",
    note: Annotated[str, typer.Option(help="Anything else, in a line.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it and keep nothing.")] = False,
    root: Root = None,
) -> None:
    """Submit a record: it becomes a self-reported row, or all errors are listed."""
    about = {
        "link": link,
        "licence": licence,
        "training_data": training_data,
        "contact": contact,
        "note": note,
    }
    moderated = os.environ.get("LEADERBOARD_MODERATED") == "1"
    with plain_errors():
        store = _open(root)
        if dry_run:
            entry = examine(
                file.read_bytes(), about, store.load(), moderated=moderated, tell=_print_line
            )
        else:
            entry = keep(store, file.read_bytes(), about, moderated=moderated, tell=_print_line)
            _catch_up(store)
        OUT.print(render_entry(entry))
        ERR.print("nothing is wrong with it; not kept (--dry-run)" if dry_run else _kept(entry))


@app.command()
def verify(
    id: Id,
    pictures: Annotated[Path | None, typer.Option(help="The dataset's folder.")] = None,
    model: Annotated[
        str | None, typer.Option(help="What to run instead of what the entry names.")
    ] = None,
    by: Annotated[str, typer.Option(help="Your name; the board shows it.")] = "",
    root: Root = None,
) -> None:
    """Measure a submitted row again; if all scores agree, it becomes verified."""
    with plain_errors():
        store = _open(root)
        entry = store.entry(id)
        measured = measure_again(entry, model=model, pictures=pictures)
        if differences := verification(entry, measured):
            for each in differences:
                ERR.print(each, style="red")
            raise typer.Exit(1)
        store.add_verification(id, verified(measured, by))
        _catch_up(store)
        OUT.print(f"{id} is verified: every score of {entry.record.model.name} agrees")


@app.command()
def withdraw(
    id: Id, reason: Annotated[str, typer.Option(help="The board shows it.")], root: Root = None
) -> None:
    """Take a row off the board; its files stay, and a note under the table says so."""
    with plain_errors():
        store = _open(root)
        store.withdraw(id, reason)
        _catch_up(store)
        OUT.print(f"{id} is withdrawn")


@app.command()
def accept(id: Id, root: Root = None) -> None:
    """Accept a waiting submission."""
    with plain_errors():
        store = _open(root)
        store.accept(id)
        _catch_up(store)
        OUT.print(f"{id} is accepted")


@app.command()
def evaluation(
    id: Id,
    benchmark: Annotated[
        str | None,
        typer.Option(help="Dataset repository whose board it counts for: the Hub's result file."),
    ] = None,
    root: Root = None,
) -> None:
    """Write scores for the Hub: metadata for the model's card, or a result file."""
    with plain_errors():
        record = _open(root).entry(id).record
        measured = networks([record])
        if not measured:
            raise StoreError(f"{id} is no network's, and has no model page on the Hub")
        if benchmark:
            typer.echo("".join(result_files(measured, benchmark).values()), nl=False)
        else:
            typer.echo(json.dumps(model_index(record.model.name, measured), indent=2))


@app.command()
def rebuild(root: Root = None) -> None:
    """Rebuild the cache from the entries, and list files that are not entries."""
    with plain_errors():
        store = open_store(root, follow=False)
        board = store.rebuild()
        OUT.print(f"{len(board.rows)} rows in {store.root}")
        _print_problems(board)


@app.command()
def sync(
    repo: Annotated[
        str, typer.Option(envvar="LEADERBOARD_REPO", help="A dataset repository, owner/name.")
    ],
    root: Root = None,
) -> None:
    """Fetch rows from a dataset repository on the Hub, and commit those that are only here."""
    with plain_errors():
        store = open_store(root, repo, follow=False)
        assert isinstance(store, MirroredStore)
        try:
            done = store.sync()
        except MirrorError:
            OUT.print(f"{repo}: {len(store.mirror.waiting())} files wait in {store.root}")
            raise
        OUT.print(f"{repo}: {done.pulled} files came, {done.pushed} went up, none waits")


def _open(root: Path | None) -> FolderStore:
    """The store that is meant, with what others have added since."""
    store = open_store(root, follow=False)
    _catch_up(store)
    return store


def _catch_up(store: FolderStore) -> None:
    """Let a store that follows the Hub give and take; without the Hub it goes on alone."""
    if isinstance(store, MirroredStore):
        try:
            store.sync()
        except MirrorError as error:
            ERR.print(str(error), style="yellow")


def _print_line(sentence: str) -> None:
    ERR.print(sentence, style="yellow")


def _print_problems(board: Board) -> None:
    for problem in board.problems:
        _print_line(problem)


def _kept(entry: Entry) -> str:
    waits = ", where it waits until it is accepted" if entry.moderated else ""
    return f"{entry.id} is on the board{waits}"


if __name__ == "__main__":
    app()
