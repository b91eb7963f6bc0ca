"""The description of a model, as JSON and back."""

import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from deblur.catalog import CATALOG
from deblur.errors import WeightsCorruptError
from deblur.spec import ModelSpec, TilingPolicy, WeightsRef

FULL = ModelSpec(
    name="guest",
    title="A guest's network",
    architecture="unet",
    arguments={"upsampling": "nearest"},
    tiling=TilingPolicy(tile=256, halo=12, ramp=4),
    size_multiple=4,
    parameters=123,
    macs_per_megapixel=4.5,
    value_range=(-1.0, 1.0),
    transfer="linear",
    precisions=("fp32", "fp16"),
    trained_on=("photos: ours",),
    licence="MIT",
    paper="https://example.org/paper",
    weights=(
        WeightsRef("model.onnx", "ab" * 32, repo="guest/unet", revision="v1"),
        WeightsRef("model.safetensors", "cd" * 32),
    ),
)


def fields_of(spec: ModelSpec) -> dict[str, Any]:
    fields = json.loads(spec.to_json())
    assert isinstance(fields, dict)
    return fields


@pytest.mark.parametrize("spec", [FULL, *CATALOG.values()], ids=lambda spec: spec.name)
def test_json_and_back_is_the_same_record(spec: ModelSpec) -> None:
    assert ModelSpec.from_json(spec.to_json()) == spec


def test_json_does_not_depend_on_the_order_of_the_arguments() -> None:
    one = replace(FULL, arguments={"a": 1, "b": 2})
    other = replace(FULL, arguments={"b": 2, "a": 1})
    assert one.to_json() == other.to_json()


OPTIONAL = {"transfer": "srgb", "licence": "Apache-2.0", "paper": None}


@pytest.mark.parametrize("name", sorted(fields_of(FULL).keys() - OPTIONAL.keys()))
def test_a_missing_field_is_named(name: str) -> None:
    fields = fields_of(FULL)
    del fields[name]
    with pytest.raises(WeightsCorruptError, match=name):
        ModelSpec.from_json(json.dumps(fields))


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_field_with_a_default_may_be_missing(name: str) -> None:
    fields = fields_of(FULL)
    del fields[name]
    assert getattr(ModelSpec.from_json(json.dumps(fields)), name) == OPTIONAL[name]


@pytest.mark.parametrize(
    ("where", "field"),
    [((), "sharpness"), (("tiling",), "overlap"), (("weights", 0), "md5")],
)
def test_an_unknown_field_is_named(where: tuple[Any, ...], field: str) -> None:
    fields: Any = fields_of(FULL)
    place = fields
    for step in where:
        place = place[step]
    place[field] = 1
    with pytest.raises(WeightsCorruptError, match=field):
        ModelSpec.from_json(json.dumps(fields))


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", '"residual-unet-s"', "3", '{"tiling": 5}', '{"tiling": {}}']
)
def test_what_is_no_description_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(WeightsCorruptError, match="export the model again"):
        ModelSpec.from_json(text)


def test_weights_are_found_by_their_suffix() -> None:
    assert FULL.weights_file(".onnx") == FULL.weights[0]
    assert FULL.weights_file(".safetensors") == FULL.weights[1]
    assert FULL.weights_file(".pt") is None


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        FULL.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("size_multiple", value) for value in (0, -1, 1025, 2.5, "8", True, None)),
        *(("name", value) for value in ("../../x", "", "a/b", ".", "a\nb", "x" * 101, 5)),
        *(("value_range", value) for value in ([1, 0], [0, 0], [0, float("nan")], [0], ["a", 1])),
        *(("macs_per_megapixel", value) for value in (-1, float("inf"), "many")),
        *(("parameters", value) for value in (-1, 1.5, 10**16)),
        *(("precisions", value) for value in ([], ["fp64"], "fp32")),
        *(("title", value) for value in (5, "two\nlines", "x" * 2001)),
        ("arguments", [1]),
        ("transfer", "gamma"),
        ("trained_on", [1]),
        ("licence", {}),
    ],
)
def test_what_no_network_needs_is_refused(name: str, value: Any) -> None:
    with pytest.raises(WeightsCorruptError, match=name.removesuffix("s")):
        ModelSpec.from_json(json.dumps(fields_of(FULL) | {name: value}))


@pytest.mark.parametrize(
    ("name", "value"), [("halo", -5), ("halo", 5000), ("tile", -1), ("tile", 10**9), ("ramp", 0.5)]
)
def test_tiles_have_bounds(name: str, value: Any) -> None:
    fields = fields_of(FULL)
    fields["tiling"][name] = value
    with pytest.raises(WeightsCorruptError, match=f"tiling.{name}"):
        ModelSpec.from_json(json.dumps(fields))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("file", value) for value in ("../x.onnx", "/etc/passwd", "a\\b", "a//b", "C:x", 1)),
        *(("sha256", value) for value in ("", "AB" * 32, "ab", None)),
        *(("bytes", value) for value in (-1, 1.5)),
        ("precision", "fp64"),
        ("repo", "a\nb"),
    ],
)
def test_weights_lie_inside_a_repository(name: str, value: Any) -> None:
    fields = fields_of(FULL)
    fields["weights"][0][name] = value
    with pytest.raises(WeightsCorruptError, match=name):
        ModelSpec.from_json(json.dumps(fields))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, " " * 2_000_000, "[]", "1"])
def test_nested_and_endless_descriptions_are_refused(text: str) -> None:
    with pytest.raises(WeightsCorruptError):
        ModelSpec.from_json(text)
