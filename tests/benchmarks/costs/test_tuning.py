"""Settings of ONNX Runtime, measured in turns."""

from dataclasses import replace

import pytest
from rich.console import Console

from benchmarks.costs import tuning as module
from benchmarks.costs.tuning import TuningRun, measure_tuning
from benchmarks.tables import tuning_table
from deblur.catalog import CATALOG
from deblur.networks import build_network
from deblur.publish.onnx_export import export
from deblur.spec import TilingPolicy


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TuningRun:
    arguments = {"width": 4, "blocks": 1, "levels": 2, "stem": 4}
    spec = replace(CATALOG["residual-unet-s"], name="tiny", arguments=arguments, weights=())
    path = tmp_path_factory.mktemp("tuning") / "tiny.onnx"
    export(spec, dict(build_network("residual_unet", arguments).state_dict()), path)
    return measure_tuning(str(path), 2, lambda text: None)


def test_the_default_and_every_group_are_measured(run: TuningRun) -> None:
    assert run.measured[0].group == "default"
    assert {each.group for each in run.measured} == {"default", "threads", "graph", "tile", "batch"}
    assert len({(each.group, each.name) for each in run.measured}) == len(run.measured)
    assert all(0 < each.best <= each.median and each.start > 0 for each in run.measured)


def test_small_tiles_pay_for_their_overlap(run: TuningRun) -> None:
    spec = replace(CATALOG["residual-unet-s"], tiling=TilingPolicy(tile=768, halo=48))
    pixels = module.PHOTO[0] * module.PHOTO[1]
    costs = [module._computed(spec, side) / pixels for side in module.SIDES]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] > 1


@pytest.mark.parametrize("name", [name for name, spec in CATALOG.items() if spec.tiling.tile])
def test_every_model_has_settings_that_suit_it(name: str) -> None:
    spec = CATALOG[name]
    sides = {each.side for each in module._settings(spec, 2)}
    assert all(module._computed(spec, side) > 0 for side in sides)
    assert {"tile", "batch"} <= {each.group for each in module._settings(spec, 2)}


def test_every_setting_has_a_row(run: TuningRun) -> None:
    console = Console(width=200, record=True)
    console.print(tuning_table(run))
    text = console.export_text()
    assert "tiny, fp32" in text
    assert all(each.name in text for each in run.measured)
