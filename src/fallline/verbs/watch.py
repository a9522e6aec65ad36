"""``fl.watch``: the wiring doctor around a training loop of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallline.checks.watching import Watch

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

__all__ = ["watch"]


def watch(model: nn.Module | None = None, optimizer: Optimizer | None = None) -> Watch:
    """Watch a training loop of one's own, and say what is wired wrong in it.

    The first steps are recorded in full, the next for their gradients and events, and after the twentieth one in fifty:
    a long training costs little more. The loop trains as it would alone, and no exception is held back; what was given
    to torch.compile runs as it is written, uncompiled, until the block ends.

    Args:
        model: The network; None: every network that is called.
        optimizer: The optimizer; None: every optimizer that steps.

    Returns:
        A context manager; its ``.diagnosis`` is what was found.

    Example:
        >>> import torch, fallline as fl
        >>> model = torch.nn.Linear(3, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> x, y = torch.randn(8, 3), torch.randn(8)
        >>> with fl.watch(model, optimizer) as watch:
        ...     for step in range(5):
        ...         optimizer.zero_grad()
        ...         loss = ((model(x) - y) ** 2).mean()
        ...         loss.backward()
        ...         optimizer.step()
        >>> [finding.name for finding in watch.diagnosis.findings]
        ['broadcast']
    """
    return Watch(model, optimizer)
