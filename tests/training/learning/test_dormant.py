"""Features that never fire: counted, started anew, and kept from falling silent."""

import math
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from deblur.networks import build_network
from deblur.training.config import Optimizer, SourceConfig
from deblur.training.learning.centring import Centring
from deblur.training.learning.optimizers import build_optimizer
from deblur.training.learning.revival import dormant_features, revive_
from deblur.training.run.checkpoint import load_checkpoint, save_checkpoint
from deblur.training.run.loop import train
from deblur.training.run.reports import Report
from tests.pictures import scene
from tests.training.runs import tiny_run

NETWORKS: dict[str, dict[str, int]] = {
    "srcnn": {},
    "unet": {},
    "gan": {},
    "residual_unet": {"width": 8, "blocks": 1},
}


def pictures(count: int = 2) -> Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def dormant_in(network: nn.Module) -> int:
    return sum(int(mask.sum()) for _, mask in dormant_features(network, pictures()))


@torch.no_grad()
def silence_(network: nn.Module) -> int:
    """Every other feature that carries nothing falls below zero for good; returns how many."""
    count = 0
    for hidden in network.hidden():  # type: ignore[operator]
        silent = hidden.layer.bias[hidden.carriers :: 2]
        silent -= 100
        count += len(silent)
    return count


@pytest.mark.parametrize("name", NETWORKS)
def test_silent_features_start_anew_and_the_answer_stays(name: str) -> None:
    network = build_network(name, NETWORKS[name])
    silenced = silence_(network)
    before, answer = dormant_in(network), network(pictures())
    assert silenced <= before
    assert revive_(network, pictures()) >= silenced
    assert dormant_in(network) < before / 4
    torch.testing.assert_close(network(pictures()), answer, atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_starts_anew_can_learn(name: str) -> None:
    network = build_network(name, NETWORKS[name])
    silence_(network)
    revive_(network, pictures())
    network(pictures()).square().mean().backward()
    hidden = network.hidden()  # type: ignore[operator]
    for each in hidden:
        for reader, first in each.readers:
            width = len(each.layer.bias)
            learned = reader.weight.grad[:, first : first + width].abs().sum((0, 2, 3))
            assert (learned > 0).float().mean() > 0.8


@pytest.mark.parametrize("revive", [True, False])
def test_a_run_revives_what_it_starts_from_when_told(
    photos: SourceConfig, tmp_path: Path, revive: bool
) -> None:
    first = train(tiny_run(photos), tmp_path / "first", device="cpu").path
    saved = load_checkpoint(first)
    saved.ema["mapping.bias"][3:] -= 100
    save_checkpoint(saved, first)
    run = tiny_run(photos, start_from=str(first), revive=revive, optimizer=Optimizer("sgd", 1e-30))
    after = load_checkpoint(train(run, tmp_path / "second", device="cpu").path).ema
    assert (after["mapping.bias"][3:] < -90).all().item() is not revive
    torch.testing.assert_close(after["mapping.bias"][:3], saved.ema["mapping.bias"][:3])


def test_a_run_tells_how_many_features_hardly_ever_fire(
    photos: SourceConfig, tmp_path: Path
) -> None:
    first = train(tiny_run(photos), tmp_path / "first", device="cpu").path
    saved = load_checkpoint(first)
    saved.ema["mapping.bias"][3:20] -= 100
    save_checkpoint(saved, first)
    run = tiny_run(photos, start_from=str(first), optimizer=Optimizer("sgd", 1e-30))
    told = list[Report]()
    train(run, tmp_path / "second", device="cpu", on_report=told.append)
    assert told[0].dormant >= 17
    assert "features hardly ever fire" in str(told[0])


def after_large_steps(centred: bool) -> tuple[int, float]:
    """How many features of SRCNN are dormant after thirty steps, and the loss that is left."""
    torch.manual_seed(3)
    network = build_network("srcnn", {})
    network.keep_identity_()  # type: ignore[operator]
    optimizer = build_optimizer(Optimizer("muon", 5e-3), network)
    centring = Centring(network)
    sharp = torch.from_numpy(np.stack([scene(48, 48, seed=seed) for seed in range(4)]))
    sharp = sharp.permute(0, 3, 1, 2) / 255
    blurred = nn.functional.avg_pool2d(nn.functional.pad(sharp, (2,) * 4, mode="reflect"), 5, 1)
    loss = torch.zeros(())
    for _ in range(30):
        loss = (network(blurred) - sharp).abs().mean()
        loss.backward()
        with centring.about_means(lambda mean: mean) if centred else nullcontext():
            optimizer.step()
        optimizer.zero_grad()
    return sum(int(mask.sum()) for _, mask in dormant_features(network, blurred)), loss.item()


def test_large_steps_about_the_mean_silence_fewer_features_and_learn_more() -> None:
    dormant, left = after_large_steps(centred=False)
    fewer, less = after_large_steps(centred=True)
    assert fewer < dormant / 4
    assert less < left


def test_a_centred_step_is_the_one_of_the_centred_layer() -> None:
    """Plain SGD on W x + b, told about the mean m, against plain SGD on W (x - m) + c."""
    torch.manual_seed(0)
    plain = nn.Conv2d(4, 5, 3, padding=1)
    inputs, wanted = torch.rand(2, 4, 16, 16), torch.rand(2, 5, 16, 16)
    mean = inputs[..., ::4, ::4].mean((0, 2, 3))
    weight = plain.weight.detach().clone().requires_grad_()
    offset = (plain.bias + weight.sum((2, 3)) @ mean).detach().requires_grad_()

    centring = Centring(plain)
    optimizer = torch.optim.SGD(plain.parameters(), 0.1)
    (plain(inputs) - wanted).square().sum().backward()
    with centring.about_means(lambda each: each):
        optimizer.step()

    bias = offset - weight.sum((2, 3)) @ mean
    answer = nn.functional.conv2d(inputs, weight, bias, padding=1)
    (answer - wanted).square().sum().backward()
    with torch.no_grad():
        weight -= 0.1 * weight.grad
        offset -= 0.1 * offset.grad
        torch.testing.assert_close(plain.weight, weight, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(
            plain.bias, offset - weight.sum((2, 3)) @ mean, atol=1e-3, rtol=1e-4
        )


def test_a_mean_that_overflows_centres_nothing_and_harms_nothing() -> None:
    """As at fp16, where the step is then not taken."""
    plain = nn.Conv2d(1, 2, 1)
    before = plain.bias.detach().clone()  # type: ignore[union-attr]
    centring = Centring(plain)
    plain(torch.full((1, 1, 4, 4), math.inf))
    plain.weight.grad, plain.bias.grad = torch.ones(2, 1, 1, 1), torch.ones(2)  # type: ignore[union-attr]
    with centring.about_means(lambda each: each):
        pass
    assert torch.equal(plain.bias, before)  # type: ignore[arg-type]
    assert torch.equal(plain.weight.grad, torch.ones(2, 1, 1, 1))
