"""Who owns and trains parameters: an optimizer built anew, a freezing that is misspelt."""

from __future__ import annotations

import dataclasses
import difflib

from torch import Tensor, nn
from torch.optim import Optimizer

from fallline.checks.setup import Setup

__all__ = ["like", "misspelt", "rebuilt"]


def like(optimizer: Optimizer, module: nn.Module) -> Optimizer:
    """An optimizer of the same kind and options for all trainable parameters of a module."""
    options = {name: value for name, value in optimizer.defaults.items() if name != "differentiable"}
    return type(optimizer)([p for p in module.parameters() if p.requires_grad], **options)


def rebuilt(setup: Setup) -> Setup:
    """A set-up whose optimizer owns the network's parameters."""
    if setup.optimizer is None:
        return setup
    return dataclasses.replace(setup, optimizer=like(setup.optimizer, setup.model), factory=None)


def misspelt(thing: nn.Module | Tensor) -> str | None:
    """An attribute set on a module or parameter whose name is nearly requires_grad."""
    near = [name for name in vars(thing) if "grad" in name and name not in ("requires_grad", "requires_grad_")]
    return next(iter(difflib.get_close_matches("requires_grad", near, n=1, cutoff=0.85)), None)
