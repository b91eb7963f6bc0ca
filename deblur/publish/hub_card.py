"""The card of a model on the Hub: how to run it, what it scored, and what it is not good for."""

from collections.abc import Mapping, Sequence

from deblur.publish.evaluation import model_index
from deblur.publish.model_card import model_card
from deblur.publish.onnx_export import PARITY
from deblur.publish.repository import ONNX, Repository
from deblur.records.run_result import RunResult
from deblur.spec import ModelSpec


def hub_card(
    repo: str,
    repository: Repository,
    *,
    training: Mapping[str, str],
    notes: str,
    measurements: Sequence[RunResult],
    invents: bool,
    curve: bool,
) -> str:
    """The README.md of the repository `repo`, with its scores also as the Hub's `model-index`.

    `training` and `notes` are as for `model_card`. Measurements of anything but networks
    stand in the table only. `invents` says that it was trained to look plausible, `curve` that a
    curve.png lies beside the card.
    """
    spec = repository.spec
    sections = (
        _how_to_run(repo),
        notes.strip(),
        _scores(measurements),
        _limits(spec, invents, scored=bool(measurements)),
        _files(repository),
    )
    return model_card(
        spec,
        training={**training, "trained on": "; ".join(spec.trained_on) or "not stated"},
        notes="\n\n".join(filter(None, sections)),
        curve=curve,
        metadata=model_index(spec.name, measurements),
    )


def _how_to_run(repo: str) -> str:
    return f"""## Run it

```
python -m deblur restore photo.jpg --model {repo} --backend onnx
python -m deblur restore photo.jpg --model {repo} --backend torch
```

```python
from pathlib import Path
from deblur import Restorer
Restorer.open("{repo}", engine="onnx").restore_file(Path("photo.jpg"), Path("sharper.jpg"))
```

with Deblur Arena installed; `engine="torch"` needs its extra `torch`."""


def _scores(measurements: Sequence[RunResult]) -> str:
    if not measurements:
        return ""
    metrics = {name: metric for each in measurements for name, metric in each.metrics.items()}
    titles = (metric.title for metric in metrics.values())
    rows = [
        [
            f"{each.dataset.title} ({each.dataset.images} pictures)",
            each.model.name,
            *(_score(each, name) for name in metrics),
            each.rules,
            f"{each.engine.backend}, {each.engine.device}, {each.engine.precision}",
        ]
        for each in measurements
    ]
    table = _table(["dataset", "model", *titles, "protocol", "ran on"], rows)
    definitions = "\n".join(
        f"- {metric.title}: {metric.definition}; {metric.better} is better"
        for metric in metrics.values()
    )
    return (
        "## Scores\n\nMeans with 95 % intervals, by `python -m benchmarks run`; they compare "
        f"within one protocol only.\n\n{table}\n\n{definitions}"
    )


def _score(measured: RunResult, metric: str) -> str:
    if metric not in measured.means:
        return ""
    mean, digits = measured.means[metric], measured.metrics[metric].digits
    return f"{mean.value:.{digits}f} ({mean.low:.{digits}f} to {mean.high:.{digits}f})"


def _limits(spec: ModelSpec, invents: bool, *, scored: bool) -> str:
    limits = [
        "Scores hold for the pictures and rules that they were taken with; other cameras, and "
        "stronger blur than it was trained on, may come out worse, or not sharper at all."
        if scored
        else "Nobody has measured it: how well it restores is not known.",
        "Blur that was meant, as behind a portrait, may be sharpened too.",
        f"It sees tiles of {spec.tiling.tile} pixels with {spec.tiling.halo} pixels of context: "
        "blur that reaches further is not undone."
        if spec.tiling.tile
        else "It takes a photo whole: memory grows with the photo.",
    ]
    if invents:
        limits.append(
            "It was trained to look plausible, and may invent detail that was not there: do not "
            "read text, faces or evidence out of what it restored."
        )
    return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in limits)


def _files(repository: Repository) -> str:
    def from_fp32(path: str) -> str:
        if path in repository.parity:
            return f"{repository.parity[path]:.1f} dB from fp32, on photos"
        return f"within {PARITY:g} of torch" if path == ONNX else ""

    rows = [
        [f"`{ref.file}`", ref.precision, f"{(ref.bytes or 0) / 1e6:.1f} MB", from_fp32(ref.file)]
        for ref in repository.spec.weights
    ]
    table = _table(["file", "precision", "size", "checked"], rows)
    return f"## Files\n\n{table}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
