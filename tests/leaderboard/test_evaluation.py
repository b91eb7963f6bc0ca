"""An entry's scores in the forms in which the Hub shows them."""

import json
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from typer.testing import CliRunner, Result

from leaderboard.__main__ import app
from leaderboard.store.entries import Entry
from leaderboard.store.folder_store import FolderStore
from tests.leaderboard.entries import measured


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.delenv("LEADERBOARD_REPO", raising=False)
    monkeypatch.setenv("LEADERBOARD_ROOT", str(tmp_path))
    return FolderStore(tmp_path)


def evaluation(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["evaluation", *arguments])


def test_scores_are_written_as_metadata_of_a_card(store: FolderStore) -> None:
    entry = measured("mine")
    store.add(entry)
    done = evaluation(entry.id)
    assert done.exit_code == 0
    (psnr, ssim) = ModelCard(f"---\n{done.stdout}---\n").data.eval_results
    assert (psnr.dataset_type, psnr.metric_type) == ("mini", "psnr")
    assert psnr.metric_value == round(entry.record.means["psnr"].value, 2)
    assert ssim.metric_value == round(entry.record.means["ssim"].value, 3)
    assert entry.record.protocol_digest in psnr.dataset_config
    assert psnr.dataset_revision == entry.record.dataset.digest


def test_the_score_that_ranks_is_written_as_the_hubs_result_file(store: FolderStore) -> None:
    entry = measured("mine")
    store.add(entry)
    done = evaluation(entry.id, "--benchmark", "somebody/board")
    (result,) = parse_eval_result_entries(yaml.safe_load(done.stdout))
    assert (result.dataset_id, result.task_id) == ("somebody/board", "mini")
    assert result.value == round(entry.record.means["psnr"].value, 2)
    assert result.date == entry.record.date


def test_what_is_no_network_has_no_page_on_the_hub(store: FolderStore) -> None:
    entry = json.loads(measured("sharpened").model_dump_json())
    entry["record"]["model"]["kind"] = "baseline"
    baseline = Entry.model_validate(entry)
    store.add(baseline)
    done = evaluation(baseline.id)
    assert done.exit_code == 1
    assert "has no model page on the Hub" in done.stderr
