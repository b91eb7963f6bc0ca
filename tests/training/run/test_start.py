"""What a run begins with: other weights, a smaller network, a part that stays as it is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deblur.errors import BackendUnavailableError, CheckpointError, ConfigError
from deblur.networks import build_network
from deblur.networks.unet import KNOTS
from deblur.training.config import Adversarial, CropStage, Optimizer, SourceConfig
from deblur.training.run.checkpoint import load_checkpoint
from deblur.training.run.loop import train
from deblur.training.run.start import initial_network, start_from
from tests.training.runs import tiny_run


def test_a_run_can_start_from_another_ones_weights(photos: SourceConfig, tmp_path: Path) -> None:
    first = train(tiny_run(photos), tmp_path / "first", device="cpu").path
    still = tiny_run(photos, start_from=str(first), optimizer=Optimizer("sgd", 1e-30), steps=1)
    second = load_checkpoint(train(still, tmp_path / "second", device="cpu").path)
    for name, value in load_checkpoint(first).ema.items():
        assert torch.equal(second.ema[name], value), name


def test_a_run_goes_on_without_what_it_started_from(photos: SourceConfig, tmp_path: Path) -> None:
    first = train(tiny_run(photos), tmp_path / "first", device="cpu").path
    run = tiny_run(photos, start_from=str(first))
    train(run, tmp_path / "second", device="cpu", time_limit=0)
    first.unlink()
    assert train(run, tmp_path / "second", device="cpu", resume=True).step == 6


def test_crops_have_to_suit_the_network(photos: SourceConfig, tmp_path: Path) -> None:
    odd = tiny_run(photos, model="unet", architecture="unet", crops=(CropStage(0.0, 30, 2),))
    with pytest.raises(ConfigError, match=r"crops of 30 pixels do not suit unet.* multiple of 4"):
        train(odd, tmp_path / "run", device="cpu")


def test_a_device_that_is_not_here_is_no_reason_to_take_another(
    photos: SourceConfig, tmp_path: Path
) -> None:
    with pytest.raises(BackendUnavailableError, match="no device 'abacus'"):
        train(tiny_run(photos), tmp_path / "run", device="abacus")


def test_a_run_can_start_from_a_published_model(photos: SourceConfig) -> None:
    network = build_network("srcnn", {})
    start_from(network, "srcnn", tiny_run(photos))
    fresh = build_network("srcnn", {})
    assert any(
        not torch.equal(mine, its)
        for mine, its in zip(network.parameters(), fresh.parameters(), strict=True)
    )


def test_weights_of_another_network_are_refused_as_a_start(
    photos: SourceConfig, tmp_path: Path
) -> None:
    first = train(tiny_run(photos), tmp_path / "first", device="cpu").path
    other = tiny_run(photos, architecture="unet", start_from=str(first))
    with pytest.raises(CheckpointError, match="holds srcnn"):
        train(other, tmp_path / "second", device="cpu")


@pytest.mark.parametrize(
    "larger",
    [{"width": 12}, {"blocks": 3}, {"width": 12, "blocks": 2}, {"width": 12, "widest": 40}],
)
def test_a_residual_unet_grows_into_one_that_answers_alike(larger: dict[str, int]) -> None:
    small = build_network("residual_unet", {"width": 8, "blocks": 1})
    large = build_network("residual_unet", {"width": 8, "blocks": 1} | larger)
    picture = torch.rand(1, 3, 32, 40)
    with torch.no_grad():
        assert not torch.allclose(large(picture), small(picture), atol=1e-6)
        large.grow_from_(small.state_dict())  # type: ignore[operator]
        torch.testing.assert_close(large(picture), small(picture), atol=1e-5, rtol=0)
    large(picture).square().mean().backward()
    assert all(each.grad is not None for each in large.parameters())


def test_the_generator_starts_from_a_unet_and_answers_alike() -> None:
    unet, generator = build_network("unet", {}), build_network("gan", {})
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.01)
        generator.start_from_unet_(unet.state_dict())  # type: ignore[operator]
        picture = torch.rand(1, 3, 64, 64)
        answer = (generator(picture * 2 - 1) + 1) / 2
        torch.testing.assert_close(answer, unet(picture), atol=1e-4, rtol=0)


@pytest.mark.parametrize("other", [{"width": 16}, {"blocks": 2}, {"levels": 2}, {"stem": 4}])
def test_a_residual_unet_does_not_grow_into_one_that_it_does_not_fit(
    other: dict[str, int],
) -> None:
    large = build_network("residual_unet", {"width": 12, "blocks": 1})
    small = build_network("residual_unet", {"width": 8, "blocks": 1} | other)
    with pytest.raises(CheckpointError, match="cannot grow into this one"):
        large.grow_from_(small.state_dict())  # type: ignore[operator]


COLOURS, KNOTTED = slice(3), slice(3 * KNOTS)
U_NET_CARRIERS = {
    "body.fine.weight": COLOURS,
    "body.fine.bias": COLOURS,
    "head.weight": (slice(None), KNOTTED),
}
CARRIERS = {
    "unet": U_NET_CARRIERS,
    "gan": U_NET_CARRIERS,
    "srcnn": {
        "patches.weight": COLOURS,
        "patches.bias": COLOURS,
        "mapping.weight": COLOURS,
        "mapping.bias": COLOURS,
        "reconstruction.weight": (slice(None), COLOURS),
    },
}


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("name", CARRIERS)
def test_what_carries_the_picture_can_be_held_still(
    photos: SourceConfig, tmp_path: Path, name: str, centred: bool
) -> None:
    adversarial = Adversarial() if name == "gan" else None
    run = tiny_run(photos, architecture=name, keep_identity=True, adversarial=adversarial)
    run = replace(run, centred=centred)
    torch.manual_seed(run.seed)
    before = initial_network(run).state_dict()
    after = load_checkpoint(train(run, tmp_path / "run", device="cpu").path).network
    learned = {key: value != before[key] for key, value in after.items()}
    for key, held in CARRIERS[name].items():
        assert not learned[key][held].any(), key
        learned[key][held] = True
    assert all(changed.float().mean() > 0.5 for changed in learned.values())
    if name != "srcnn":
        # A centred bias, 16 times as large when saved, moves further and is rounded more.
        rounding = 4e-6 if centred else 1e-6
        for key in ("body.merge_fine.weight", "body.merge_fine.bias"):
            knots = (after[key] - before[key])[KNOTTED].unflatten(0, (KNOTS, 3))
            torch.testing.assert_close(knots, knots[:1].expand_as(knots), rtol=0, atol=rounding)


@pytest.mark.parametrize("name", CARRIERS)
def test_a_network_that_holds_still_is_saved_as_the_plain_one(
    photos: SourceConfig, tmp_path: Path, name: str
) -> None:
    adversarial = Adversarial() if name == "gan" else None
    run = tiny_run(photos, architecture=name, keep_identity=True, adversarial=adversarial)
    saved = load_checkpoint(train(run, tmp_path / "run", device="cpu").path).network
    learning, plain = initial_network(run), build_network(name, {})
    learning.load_state_dict(saved)
    plain.load_state_dict(saved)
    for key, value in learning.state_dict().items():
        assert torch.equal(value, saved[key]), key
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(learning(picture), plain(picture), rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", CARRIERS)
def test_a_network_that_holds_still_carries_the_picture_through_bf16(name: str) -> None:
    torch.manual_seed(2)
    plain, learning = build_network(name, {}), build_network(name, {})
    learning.load_state_dict(plain.state_dict())
    learning.keep_identity_()  # type: ignore[operator]
    picture = torch.rand(1, 3, 48, 48)
    with torch.no_grad():
        exact = plain(picture)
        with torch.autocast("cpu", torch.bfloat16):
            error = (learning(picture) - exact).square().mean().sqrt()
            rounded = (plain(picture) - exact).square().mean().sqrt()
    assert error < 0.2 * rounded


def test_only_networks_that_carry_the_picture_can_hold_that_still(photos: SourceConfig) -> None:
    with pytest.raises(ConfigError, match="keep_identity: residual_unet adds to the picture"):
        initial_network(tiny_run(photos, architecture="residual_unet", keep_identity=True))
