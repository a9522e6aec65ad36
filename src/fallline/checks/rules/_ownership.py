"""Building an optimizer anew, of the same kind, for other parameters."""

from __future__ import annotations

import dataclasses

from torch import nn
from torch.optim import Optimizer

from fallline.checks.setup import Setup

__all__ = ["like", "rebuilt"]


def like(optimizer: Optimizer, module: nn.Module) -> Optimizer:
    """An optimizer of the same kind and options for all trainable parameters of a module."""
    options = {name: value for name, value in optimizer.defaults.items() if name != "differentiable"}
    return type(optimizer)([p for p in module.parameters() if p.requires_grad], **options)


def rebuilt(setup: Setup) -> Setup:
    """A set-up whose optimizer owns the network's parameters."""
    if setup.optimizer is None:
        return setup
    return dataclasses.replace(setup, optimizer=like(setup.optimizer, setup.model), factory=None)
