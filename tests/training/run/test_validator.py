"""What the weights of a run gain on pictures that it does not learn from."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from deblur.quality import psnr
from deblur.training.config import CropStage, SourceConfig
from deblur.training.run.validator import Validator, total_gain
from tests.training.runs import tiny_run


def brighter(blurred: Tensor) -> Tensor:
    return blurred * 1.5


LEARNER = SimpleNamespace(
    averaged=lambda: nullcontext(brighter),
    bare=nn.Identity(),
    in_own_range=lambda pictures: pictures,
)


def validator(pairs: SourceConfig, processes: int = 1, rank: int = 0) -> Validator:
    run = tiny_run(pairs, crops=(CropStage(0.0, 24, 2),), validation_pictures=5)
    device = torch.device("cpu")
    alone = SimpleNamespace(
        device=device, num_processes=processes, process_index=rank, reduce=lambda total: total
    )
    return Validator(run, alone)  # type: ignore[arg-type]


def test_the_gain_is_the_mean_over_the_pictures(pairs: SourceConfig) -> None:
    """However many they are, and however they lie in batches: two, two and one."""
    drawn = validator(pairs)
    gains = []
    for batch in drawn.batches:
        for blurred, sharp in zip(batch.blurred, batch.sharp, strict=True):
            pairing = (brighter(blurred).clamp(0, 1), sharp), (blurred, sharp)
            after, before = (psnr(one.numpy(), two.numpy(), peak=1.0) for one, two in pairing)
            gains.append(after - before)
    assert len(gains) == 5
    assert min(gains) > 1
    found = drawn.measure(LEARNER)  # type: ignore[arg-type]
    assert found.gain == pytest.approx(sum(gains) / 5, abs=1e-3)
    assert found.general is None


def test_every_process_measures_its_share(pairs: SourceConfig) -> None:
    """Of three batches the first and the last, or the one between."""
    for rank, pictures in ((0, 3), (1, 2)):
        drawn = validator(pairs, 2, rank)
        total, count = total_gain(brighter, drawn.batches[rank::2]).tolist()
        assert count == pictures
        assert drawn.measure(LEARNER).gain == pytest.approx(total / count)  # type: ignore[arg-type]
