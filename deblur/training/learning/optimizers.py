"""The optimiser of a run."""

import torch
from timm.optim import create_optimizer_v2
from torch import nn

from deblur.errors import ConfigError
from deblur.training.config import Optimizer


def build_optimizer(settings: Optimizer, network: nn.Module) -> torch.optim.Optimizer:
    """timm's optimiser of that name. Raises ConfigError when there is none."""
    try:
        return create_optimizer_v2(
            network,
            opt=settings.name,
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
    except ValueError as error:
        raise ConfigError(f"optimizer: {error}; adamw, adam, sgd and muon are usual") from error
