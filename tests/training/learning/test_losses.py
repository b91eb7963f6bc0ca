"""The losses: what they are for equal pictures, for a batch, and where their weights come from."""

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from deblur.errors import ConfigError
from deblur.training.config import LossName, Perceptual, SourceConfig, TrainingConfig
from deblur.training.learning.backbones import load_encoder
from deblur.training.learning.losses import LOSSES, WeightedLoss, weighted_loss
from deblur.training.learning.perceptual import PerceptualLoss

NETWORK = "mobilenetv2_035"
CONFIG = TrainingConfig("m", "unet", {}, (SourceConfig("photos", "photos"),))

each_loss = pytest.mark.parametrize("name", LOSSES)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "network.safetensors"
    save_file(timm.create_model(NETWORK).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def perceptual(weights: Path) -> PerceptualLoss:
    return PerceptualLoss(Perceptual(NETWORK, "stage1", str(weights)))


def pictures(count: int = 2, seed: int = 0, side: int = 24) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


@each_loss
def test_equal_pictures_cost_least(name: LossName) -> None:
    sharp = pictures()
    least = -4.0 if name == "psnr" else 0.0
    assert LOSSES[name](sharp, sharp).item() == pytest.approx(least, abs=1e-6)
    assert LOSSES[name](sharp + 0.1 * pictures(seed=1), sharp).item() > least + 1e-4


@each_loss
def test_a_loss_can_be_differentiated_even_where_it_is_least(name: LossName) -> None:
    sharp = pictures()
    for restored in (sharp.clone(), pictures(seed=1)):
        restored.requires_grad_(True)
        LOSSES[name](restored, sharp).backward()
        assert restored.grad is not None
        assert torch.isfinite(restored.grad).all()
    assert restored.grad.abs().sum() > 0


@each_loss
@settings(max_examples=10, deadline=None)
@given(count=st.integers(1, 4), seed=st.integers(0, 99), side=st.integers(2, 9))
def test_a_batch_costs_the_mean_of_its_pictures(
    name: LossName, count: int, seed: int, side: int
) -> None:
    restored, sharp = pictures(count, seed, side), pictures(count, seed + 100, side)
    singly = [LOSSES[name](restored[i : i + 1], sharp[i : i + 1]) for i in range(count)]
    whole = LOSSES[name](restored, sharp)
    torch.testing.assert_close(whole, torch.stack(singly).mean(), rtol=1e-4, atol=1e-6)


def test_colour_sees_a_cast_and_hardly_sees_detail() -> None:
    sharp = pictures(side=48)
    cast = LOSSES["colour"](sharp + 0.1, sharp)
    noise = 0.1 * torch.sign(pictures(seed=1, side=48) - 0.5)
    assert cast.item() == pytest.approx(0.01, rel=1e-3)
    assert LOSSES["colour"](sharp + noise, sharp) < cast / 20


def test_gradient_sees_an_edge_and_no_cast() -> None:
    sharp = torch.zeros(1, 3, 4, 4)
    edge = sharp.clone()
    edge[..., 2:] = 1.0
    assert LOSSES["gradient"](sharp + 0.3, sharp) == 0
    assert LOSSES["gradient"](edge, sharp).item() == pytest.approx(1 / 6)


def test_contrast_asks_for_detail_wherever_it_lies() -> None:
    texture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    moved = texture.roll((3, 5), (2, 3))
    smooth = F.avg_pool2d(texture, 5, 1, 2)
    missing, elsewhere = (LOSSES["contrast"](each, texture) for each in (smooth, moved))
    assert missing > 3 * elsewhere
    assert LOSSES["l1"](moved, texture) > LOSSES["l1"](smooth, texture)


def test_a_chequered_pattern_is_no_detail() -> None:
    flat = torch.full((1, 3, 32, 32), 0.5)
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    for pattern in ((rows + columns) % 2, rows % 2, columns % 2):
        assert LOSSES["contrast"](flat + 0.1 * pattern, flat + 0.05).item() < 1e-6


def test_frequency_is_of_the_size_of_l1_for_noise() -> None:
    sharp = pictures(side=64)
    noise = torch.randn(sharp.shape, generator=torch.Generator().manual_seed(1))
    assert 0.5 < LOSSES["frequency"](sharp + noise, sharp) / noise.abs().mean() < 2


def test_losses_add_up_by_weight_and_are_told_apart() -> None:
    loss = weighted_loss(replace(CONFIG, losses={"l1": 2.0, "frequency": 0.1}))
    restored = pictures(seed=1).requires_grad_(True)
    total, parts = loss(restored, pictures())
    assert parts.keys() == {"l1", "frequency"}
    assert total.item() == pytest.approx(2 * parts["l1"].item() + 0.1 * parts["frequency"].item())
    assert total.requires_grad
    assert not parts["l1"].requires_grad


def test_a_configuration_that_asks_for_features_gets_them(weights: Path) -> None:
    asked = replace(
        CONFIG,
        losses={"l2": 1.0, "perceptual": 0.5},
        perceptual=Perceptual(NETWORK, "stage0", str(weights)),
    )
    loss = weighted_loss(asked)
    assert isinstance(loss, WeightedLoss)
    total, parts = loss(pictures(seed=1), pictures())
    assert total.item() == pytest.approx(parts["l2"].item() + 0.5 * parts["perceptual"].item())


def test_features_are_frozen_and_lead_back_to_the_restored_only(
    perceptual: PerceptualLoss,
) -> None:
    restored, sharp = (pictures(seed=seed).requires_grad_(True) for seed in (1, 2))
    perceptual.train()
    assert perceptual(sharp, sharp) == 0
    perceptual(restored, sharp).backward()
    assert restored.grad is not None
    assert restored.grad.abs().sum() > 0
    assert sharp.grad is None
    assert not any(module.training for module in perceptual.modules())
    assert not any(parameter.requires_grad for parameter in perceptual.parameters())


def test_features_of_a_batch_are_those_of_its_pictures(perceptual: PerceptualLoss) -> None:
    restored, sharp = pictures(3), pictures(3, seed=1)
    singly = [perceptual(restored[i : i + 1], sharp[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(perceptual(restored, sharp), torch.stack(singly).mean())


def test_features_work_under_autocast(perceptual: PerceptualLoss) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        loss = perceptual(pictures(), pictures(seed=1))
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)


def test_a_vgg_layer_is_the_one_keras_names(tmp_path: Path) -> None:
    """For VGG11, whose third block has two convolutions: eight layers and pools come before."""
    torch.manual_seed(0)
    network = timm.create_model("vgg11")
    features = {k: v for k, v in network.state_dict().items() if k.startswith("features.")}
    torch.save(features, tmp_path / "vgg.pth")
    settings = Perceptual("vgg11", "block3_conv1", str(tmp_path / "vgg.pth"))
    loss = PerceptualLoss(settings)
    pair = [(picture - loss.mean) / loss.std for picture in (pictures(1), pictures(1, seed=1))]
    with torch.no_grad():
        expected, other = (network.features[:8](picture) for picture in pair)
    assert isinstance(network.features[7], torch.nn.ReLU)
    assert expected.shape == (1, 256, 6, 6)
    torch.testing.assert_close(
        loss(pictures(1), pictures(1, seed=1)), (expected - other).square().mean()
    )
    with pytest.raises(ConfigError, match="block3_conv3"):
        PerceptualLoss(replace(settings, layer="block3_conv3"))


@pytest.mark.parametrize(
    ("network", "layer", "message"),
    [
        ("no_such_network", "stage1", "no_such_network"),
        (NETWORK, "block1_conv1", "block1_conv1"),
        (NETWORK, "stage9", "stage9"),
    ],
)
def test_a_layer_that_is_not_there_is_named(network: str, layer: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PerceptualLoss(Perceptual(network, layer, "unread.safetensors"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv_stem.weight": None}, r"lacks 'conv_stem\.weight'"),
        ({"stranger": torch.zeros(1)}, "unexpected 'stranger'"),
        ({"conv_stem.weight": torch.zeros(2, 3, 3, 3)}, r"shape \(2, 3, 3, 3\)"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_its_first_key(
    weights: Path, tmp_path: Path, change: dict[str, Tensor | None], message: str
) -> None:
    tensors = timm.create_model(NETWORK).state_dict() | change
    torch.save({k: v for k, v in tensors.items() if v is not None}, tmp_path / "other.pt")
    with pytest.raises(ConfigError, match=message):
        PerceptualLoss(Perceptual(NETWORK, "stage1", str(tmp_path / "other.pt")))


@pytest.mark.parametrize("name", ["not_there.safetensors", "damaged.safetensors", "damaged.pth"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    if name.startswith("damaged"):
        (tmp_path / name).write_bytes(b"\x00\x01 no weights at all")
    with pytest.raises(ConfigError, match=name):
        PerceptualLoss(Perceptual(NETWORK, "stage1", str(tmp_path / name)))


def test_without_the_hub_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("the Hub is out of reach")

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", unreachable)
    monkeypatch.setattr("timm.models._builder.load_state_dict_from_url", unreachable)
    with pytest.raises(ConfigError, match=r"mobilenetv2_100.*out of reach.*`weights`"):
        PerceptualLoss(Perceptual("mobilenetv2_100", "stage1"))


def test_a_generator_gets_its_encoder_from_the_same_files(weights: Path) -> None:
    from deblur.networks.gan_fpn import FeaturePyramidGenerator

    generator = FeaturePyramidGenerator(NETWORK, width=8)
    load_encoder(generator, str(weights))
    torch.manual_seed(0)
    expected = timm.create_model(NETWORK).state_dict()
    loaded = generator.encoder.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in loaded.items())
