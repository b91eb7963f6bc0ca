"""The models that are listed, and the files that ship with them."""

import re
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import yaml
from safetensors import safe_open

from deblur.catalog import CATALOG, DEFAULT_MODEL
from deblur.spec import ModelSpec, WeightsRef
from deblur.weights import PRETRAINED, SPEC_KEY, fetch_weights, sha256_of

OURS = [spec for spec in CATALOG.values() if not spec.from_elsewhere]
FETCHED = [spec for spec in CATALOG.values() if spec.from_elsewhere]
SHIPPED = [spec for spec in OURS if spec.weights]
FILES = [(spec, ref) for spec in SHIPPED for ref in spec.weights if ref.repo is None]
MAX_BYTES = 60_000_000

each_model = pytest.mark.parametrize("spec", CATALOG.values(), ids=CATALOG.keys())
each_of_ours = pytest.mark.parametrize("spec", OURS, ids=[spec.name for spec in OURS])
each_shipped = pytest.mark.parametrize("spec", SHIPPED, ids=[spec.name for spec in SHIPPED])
each_file = pytest.mark.parametrize(("spec", "ref"), FILES, ids=[ref.file for _, ref in FILES])


def embedded_description(path: Path) -> str:
    if path.suffix == ".onnx":
        properties = onnx.load(path).metadata_props
        return next(entry.value for entry in properties if entry.key == SPEC_KEY)
    with safe_open(path, framework="np") as file:
        return str(file.metadata()[SPEC_KEY])


def front_matter(card: Path) -> dict[str, object]:
    opening, header, _ = card.read_text(encoding="utf-8").split("---\n", 2)
    assert opening == ""
    fields = yaml.safe_load(header)
    assert isinstance(fields, dict)
    return fields


def test_the_models_that_are_promised_are_there() -> None:
    assert {
        "srcnn",
        "unet",
        "gan",
        "gan-fpn",
        "residual-unet-s",
        "residual-unet-m",
    } <= CATALOG.keys()
    assert {"srcnn", "unet", "residual-unet-s"} <= {spec.name for spec in SHIPPED}
    assert CATALOG[DEFAULT_MODEL].weights


@each_model
def test_a_model_is_listed_under_its_own_name(spec: ModelSpec) -> None:
    assert CATALOG[spec.name] is spec
    assert "/" not in spec.name
    assert not Path(spec.name).suffix


@each_of_ours
def test_size_cost_and_licence_are_known(spec: ModelSpec) -> None:
    assert (spec.parameters or 0) > 0
    assert (spec.macs_per_megapixel or 0) > 0
    assert spec.licence


@pytest.mark.parametrize("spec", FETCHED, ids=[spec.name for spec in FETCHED])
def test_what_is_fetched_is_pinned_and_says_its_size_and_licence_before(spec: ModelSpec) -> None:
    assert spec.licence
    for ref in spec.weights:
        assert re.fullmatch("[0-9a-f]{64}", ref.sha256)
        assert (ref.bytes or 0) > 0


@each_of_ours
def test_the_parameters_are_those_of_the_network(spec: ModelSpec) -> None:
    from deblur.networks import build_network

    network = build_network(spec.architecture, spec.arguments)
    assert sum(parameter.numel() for parameter in network.parameters()) == spec.parameters


@each_shipped
def test_what_ships_runs_on_every_engine(spec: ModelSpec) -> None:
    assert spec.weights_file(".onnx")
    assert spec.weights_file(".safetensors")
    assert spec.trained_on


@each_file
def test_a_shipped_file_has_the_digest_of_its_record(spec: ModelSpec, ref: WeightsRef) -> None:
    assert sha256_of(PRETRAINED / ref.file) == ref.sha256
    assert (
        fetch_weights(spec.variant(ref.precision), Path(ref.file).suffix) == PRETRAINED / ref.file
    )


@each_file
def test_a_shipped_file_describes_itself_as_the_catalog_does(
    spec: ModelSpec, ref: WeightsRef
) -> None:
    described = ModelSpec.from_json(embedded_description(PRETRAINED / ref.file))
    precisions = spec.precisions if ref.precision == "fp32" else (ref.precision,)
    assert replace(described, weights=()) == replace(spec, weights=(), precisions=precisions)


def test_all_that_ships_is_small_and_listed() -> None:
    listed = {PRETRAINED / ref.file for _, ref in FILES}
    kinds = {path.suffix for path in listed}
    shipped = {path for path in PRETRAINED.rglob("*") if path.suffix in kinds}
    assert shipped == listed
    assert sum(path.stat().st_size for path in shipped) < MAX_BYTES


@each_shipped
def test_a_model_with_weights_has_a_card_that_says_how_it_was_made(spec: ModelSpec) -> None:
    card = PRETRAINED / spec.name / "README.md"
    assert card.is_file()
    assert str(front_matter(card)["license"]).lower() == spec.licence.lower()
    text = card.read_text(encoding="utf-8").lower()
    assert [word for word in ("data", "steps", "hardware", "db") if word not in text] == []
