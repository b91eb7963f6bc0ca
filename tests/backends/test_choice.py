"""What `auto` means, on machines that this one is not."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deblur.backends import Choice, Wishes, choices, open_first, tuned
from deblur.backends import engines as engines_module
from deblur.backends.engines import ENGINES, PREFERENCE
from deblur.backends.tuned import Measured
from deblur.catalog import CATALOG
from deblur.errors import BackendUnavailableError, TileError
from deblur.spec import ModelSpec, Precision, WeightsRef

XS, UNET = CATALOG["residual-unet-xs"], CATALOG["unet"]
CHECKPOINT = replace(UNET, weights=(WeightsRef("theirs.pth", "0" * 64),))
HALVED = replace(XS, precisions=("fp16",), weights=(WeightsRef("half.onnx", "0" * 64),))
UNTRAINED = replace(XS, weights=())
SPECS = (XS, UNET, CHECKPOINT, HALVED, UNTRAINED)
MACHINES = {
    "plain": {"onnx": ("cpu",)},
    "torch": {"onnx": ("cpu",), "torch": ("cpu",)},
    "mac": {"onnx": ("coreml", "cpu"), "torch": ("mps", "cpu")},
    "cuda": {"onnx": ("tensorrt", "cuda", "cpu"), "torch": ("cuda", "cpu")},
    "cuda without torch": {"onnx": ("cuda", "cpu")},
    "openvino": {"onnx": ("cpu",), "openvino": ("gpu", "npu", "cpu"), "torch": ("cpu",)},
}


@pytest.fixture(autouse=True)
def processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that multiplies bf16, but no tiles of it, and on which nobody has tuned."""
    can(monkeypatch, bf16=True)
    monkeypatch.setattr("deblur.backends.choice.seconds_measured", lambda spec: {})


def can(monkeypatch: pytest.MonkeyPatch, *, bf16: bool, tiles: bool = False) -> None:
    monkeypatch.setattr(engines_module, "computes_bf16", lambda: bf16)
    monkeypatch.setattr(engines_module, "has_tiles_of_bf16", lambda: tiles)


def pretend(monkeypatch: pytest.MonkeyPatch, machine: dict[str, tuple[str, ...]]) -> None:
    for name, engine in ENGINES.items():
        fake = replace(
            engine,
            is_installed=lambda name=name: name in machine,
            devices=lambda name=name: machine[name],
        )
        monkeypatch.setitem(ENGINES, name, fake)


@pytest.mark.parametrize(
    ("machine", "wishes", "expected"),
    [
        ("plain", Wishes(), ("onnx", "cpu", "fp32")),
        ("torch", Wishes(), ("onnx", "cpu", "fp32")),
        ("torch", Wishes(precision="bf16"), ("torch", "cpu", "bf16")),
        ("torch", Wishes(precision="int8"), ("onnx", "cpu", "int8")),
        ("torch", Wishes("torch"), ("torch", "cpu", "fp32")),
        ("mac", Wishes(), ("torch", "mps", "fp32")),
        ("mac", Wishes(device="cpu"), ("onnx", "cpu", "fp32")),
        ("mac", Wishes(device="coreml"), ("onnx", "coreml", "fp32")),
        ("mac", Wishes(device="cpu", precision="bf16"), ("torch", "cpu", "bf16")),
        ("mac", Wishes(precision="int8"), ("onnx", "coreml", "int8")),
        ("cuda", Wishes(), ("torch", "cuda", "fp32")),
        ("cuda", Wishes(device="tensorrt"), ("onnx", "tensorrt", "fp32")),
        ("cuda", Wishes("onnx"), ("onnx", "tensorrt", "fp32")),
        ("cuda", Wishes(device="cpu"), ("onnx", "cpu", "fp32")),
        ("cuda without torch", Wishes(), ("onnx", "cuda", "fp32")),
        ("openvino", Wishes(), ("openvino", "cpu", "bf16")),
        ("openvino", Wishes(precision="fp32"), ("openvino", "cpu", "fp32")),
        ("openvino", Wishes(device="gpu"), ("openvino", "gpu", "fp32")),
        ("openvino", Wishes(device="npu", precision="fp16"), ("openvino", "npu", "fp16")),
        ("openvino", Wishes(fast=True), ("openvino", "cpu", "int8")),
        ("plain", Wishes(fast=True), ("onnx", "cpu", "int8")),
        ("torch", Wishes(fast=True), ("onnx", "cpu", "int8")),
        ("cuda", Wishes(fast=True), ("torch", "cuda", "bf16")),
    ],
)
def test_auto_gives_way_to_what_is_asked_for(
    machine: str,
    wishes: Wishes,
    expected: tuple[str, str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, MACHINES[machine])
    first = choices(XS, wishes)[0]
    assert (first.engine, first.device, first.precision) == expected


def test_what_nobody_sees_is_taken_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, MACHINES["openvino"])
    can(monkeypatch, bf16=False)
    assert choices(XS, Wishes())[0].precision == "fp32"
    can(monkeypatch, bf16=True, tiles=True)
    assert choices(XS, Wishes(fast=True))[0].precision == "bf16"
    unmeasured = replace(XS, weights=(replace(XS.weights[0], bf16_parity=None), *XS.weights[1:]))
    assert choices(unmeasured, Wishes())[0].precision == "fp32"
    too_far = replace(XS, weights=(replace(XS.weights[0], bf16_parity=59.9), *XS.weights[1:]))
    assert choices(too_far, Wishes())[0].precision == "fp32"


def test_a_model_that_loses_at_every_other_precision_stays_at_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, MACHINES["openvino"])
    first = choices(UNET, Wishes(fast=True))[0]
    assert (first.engine, first.precision) == ("openvino", "fp32")


def test_what_others_made_stays_with_onnx_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, MACHINES["openvino"])
    theirs = replace(HALVED, architecture="onnx", precisions=("fp32",))
    assert [each.engine for each in choices(theirs, Wishes())] == ["onnx", *["openvino"] * 2]


def test_what_was_measured_here_comes_before_what_is_known_in_general(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, MACHINES["openvino"])
    seconds = {
        ("openvino", "cpu", "bf16"): float("inf"),
        ("openvino", "gpu", "fp32"): 0.1,
        ("onnx", "cpu", "fp32"): 0.3,
        ("onnx", "cpu", "int8"): 0.2,
    }
    monkeypatch.setattr("deblur.backends.choice.seconds_measured", lambda spec: seconds)
    found = choices(XS, Wishes())
    assert [(each.engine, each.device) for each in found[:2]] == [
        ("openvino", "gpu"),
        ("onnx", "cpu"),
    ]
    assert choices(XS, Wishes(device="cpu", fast=True))[0].precision == "int8"


DEVICES = ("auto", *{device for _, device in PREFERENCE})
PRECISIONS: tuple[Precision | None, ...] = (None, "fp32", "bf16", "fp16", "int8")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_wish_is_fulfilled_or_refused_in_a_sentence(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, MACHINES[machine])
    engines = ("auto", *ENGINES)
    for spec, engine, device, precision in product(SPECS, engines, DEVICES, PRECISIONS):
        wishes = Wishes(engine, device, precision)
        ways = _ways(spec, wishes, MACHINES[machine])
        if not ways:
            with pytest.raises(BackendUnavailableError, match=r"\w"):
                choices(spec, wishes)
            continue
        found = choices(spec, wishes)
        assert {(each.engine, each.device, each.precision) for each in found} == ways


def _ways(
    spec: ModelSpec, wishes: Wishes, machine: dict[str, tuple[str, ...]]
) -> set[tuple[str, str, Precision]]:
    """Every way of a machine that does all that is asked, found by looking."""
    own = spec.precisions[0]
    asked = [name for name in machine if wishes.engine in ("auto", name)]
    with_weights = [
        name
        for name in asked
        if any(ref.file.endswith(ENGINES[name].suffixes) for ref in spec.weights)
    ]
    return {
        (name, device, precision)
        for name in with_weights or asked
        for device in machine[name]
        for precision in spec.precisions
        if wishes.device in ("auto", device)
        and precision in (wishes.precision, own if wishes.precision is None else None, "bf16")
        and (precision != "bf16" or "bf16" in (own, wishes.precision) or wishes.precision is None)
        and _able(spec, name, device, precision, unasked=precision not in (own, wishes.precision))
    }


def _able(
    spec: ModelSpec, engine: str, device: str, precision: Precision, *, unasked: bool
) -> bool:
    in_file = precision == spec.precisions[0] or any(
        ref.precision == precision for ref in spec.weights if ref.file.endswith("onnx")
    )
    if engine == "torch":
        return precision != "int8" and not unasked
    if engine == "onnx":
        return in_file and not unasked
    if precision == "bf16":
        return device == "cpu" and spec.close_at_bf16
    if device == "npu":
        return precision in ("fp16", "int8")
    return in_file or (precision, device) == ("fp16", "gpu")


@pytest.mark.parametrize(
    ("spec", "wishes", "said"),
    [
        (XS, Wishes("abacus"), r"'abacus' is not on this machine; there is: onnx, torch$"),
        (XS, Wishes(device="abacus"), r"no device 'abacus' .*auto, cpu"),
        (UNET, Wishes(precision="bf16"), "unet runs at fp32, not at bf16"),
        (UNET, Wishes(precision="int8"), "quantize unet --precision int8"),
        (XS, Wishes("onnx", precision="bf16"), "not run at bf16 with onnx; here torch on cpu does"),
        (XS, Wishes("onnx", precision="fp16"), "quantize residual-unet-xs --precision fp16"),
        (XS, Wishes("torch", precision="int8"), "int8 with torch; here onnx on cpu does"),
    ],
)
def test_a_refusal_says_what_would_do(
    spec: ModelSpec, wishes: Wishes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, MACHINES["torch"])
    with pytest.raises(BackendUnavailableError, match=said):
        choices(spec, wishes)


def test_an_engine_that_is_known_but_not_here_says_how_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, MACHINES["plain"])
    with pytest.raises(BackendUnavailableError, match=r"pip install -e '\.\[torch\]'"):
        choices(XS, Wishes("torch"))


def test_int8_runs_the_file_of_int8() -> None:
    chosen = choices(XS, Wishes(device="cpu", precision="int8"))[0]
    assert chosen.spec.weights_file(chosen.suffixes) == XS.weights[2]


def test_a_tile_too_small_is_refused_before_anything_starts() -> None:
    with pytest.raises(TileError, match="at least 304"):
        choices(XS, Wishes(tile=288))
    assert choices(XS, Wishes(tile=304))[0].tiling.tile == 304


def test_tuning_is_read_until_the_machine_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuned, "_file", lambda: tmp_path / "kept" / "tuned.json")
    assert tuned.seconds_measured(XS) == {}
    right = Measured("onnx", "cpu", "fp32", seconds=0.5, parity=200.0)
    wrong = Measured("openvino", "gpu", "fp32", seconds=0.1, parity=20.0)
    tuned.keep_measured(XS, (right, wrong))
    tuned.keep_measured(UNET, (right,))
    expected = {("onnx", "cpu", "fp32"): 0.5, ("openvino", "gpu", "fp32"): float("inf")}
    assert tuned.seconds_measured(XS) == expected
    assert tuned.seconds_measured(replace(XS, name="mine")) == expected
    assert tuned.seconds_measured(CATALOG["residual-unet-s"]) == {}
    monkeypatch.setattr(tuned, "_machine", lambda: "another")
    assert tuned.seconds_measured(XS) == {}
    tuned.keep_measured(UNET, (right,))
    assert tuned.seconds_measured(XS) == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"machine": 1}', "not JSON"])
def test_a_damaged_file_of_measurements_is_no_file(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tuned.json"
    path.write_text(content)
    monkeypatch.setattr(tuned, "_file", lambda: path)
    assert tuned.seconds_measured(XS) == {}


def test_torch_is_not_imported_where_only_a_processor_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines_module, "_accelerator_is_likely", lambda: False)
    monkeypatch.setattr("deblur.backends.torch_backend.available_devices", None)
    assert {each.device for each in choices(XS, Wishes())} == {"cpu"}


def test_what_does_not_start_is_noted_and_the_next_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, MACHINES["cuda without torch"])

    def start(choice: Choice, path: Path) -> object:
        if choice.device == "cuda":
            raise BackendUnavailableError("cuda did not start")
        return choice.device

    monkeypatch.setattr("deblur.backends.open_backend", start)
    choice, backend, notes = open_first(choices(XS, Wishes()), lambda choice: Path())
    assert (choice.device, backend, notes) == ("cpu", "cpu", ("cuda did not start",))
    with pytest.raises(BackendUnavailableError, match="cuda did not start"):
        open_first(choices(XS, Wishes(device="cuda")), lambda choice: Path())


@settings(max_examples=50)
@given(tile=st.integers(0, 3000), spec=st.sampled_from(SPECS))
def test_tiles_are_refused_or_taken_as_asked(tile: int, spec: ModelSpec) -> None:
    try:
        chosen = choices(spec, Wishes(device="cpu", tile=tile))[0]
    except TileError:
        assert 0 < tile < 600
    else:
        assert chosen.tiling.tile == tile or tile == 0
