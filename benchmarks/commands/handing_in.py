"""Handing records in to a board that is served somewhere, through its API."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from gradio_client import Client, handle_file

from benchmarks.errors import BenchmarkError
from deblur.records.run_result import RunResult

ABOUT = ("licence", "training_data", "contact", "link", "note")


def read_about(path: Path) -> dict[str, str]:
    """What the sender says of a model: JSON with texts of the names in ABOUT.

    Raises BenchmarkError when it is something else.
    """
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{path} is no JSON file that can be read ({error})") from error
    if not isinstance(about, dict) or not all(isinstance(each, str) for each in about.values()):
        raise BenchmarkError(f'{path} must hold texts: {{"licence": "MIT", "contact": …}}')
    if unknown := about.keys() - {*ABOUT}:
        raise BenchmarkError(
            f"{path} has {', '.join(sorted(unknown))}; what is asked for is {', '.join(ABOUT)}"
        )
    return dict.fromkeys(ABOUT, "") | about


def hand_in(url: str, record: RunResult, about: Mapping[str, str]) -> dict[str, Any]:
    """The board's answer, with the `id` of the row. Raises BenchmarkError with all its complaints.

    `url` is the address of the page; the record is measured work, so nothing that goes wrong
    here changes its file.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "record.json"
        file.write_text(record.to_json(), encoding="utf-8")
        try:
            client = Client(url, verbose=False, analytics_enabled=False)
            answer, _ = client.predict(file=handle_file(file), **about, api_name="/submit")
        except (ValueError, OSError, httpx.HTTPError) as error:
            raise BenchmarkError(
                f"{url} did not take the record ({error}); its file is kept: hand it in under "
                "Submit on the page"
            ) from error
    if complaints := answer["complaints"]:
        lines = (f"{each['field']}: {each['sentence']}" for each in complaints)
        raise BenchmarkError(f"{url} refused the record:\n" + "\n".join(lines))
    return dict(answer)
