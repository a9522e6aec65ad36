"""Lion, which torch lacks: Chen et al. (2023), "Symbolic Discovery of Optimization Algorithms", algorithm 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, final

import torch
from torch import Tensor
from torch.optim import Optimizer

__all__ = ["Lion"]


@final
class Lion(Optimizer):
    r"""Every coordinate moves by exactly the learning rate, along the sign of a mean of gradients.

    .. math::
        c = \beta_1 m + (1 - \beta_1) g, \quad
        \theta \leftarrow \theta - \eta (\operatorname{sign}(c) + \lambda\theta), \quad
        m \leftarrow \beta_2 m + (1 - \beta_2) g

    Args:
        params: What to move.
        lr: The learning rate η, above 0.
        betas: β1, the memory of the step, and β2, the memory of the momentum m; both in [0, 1).
        weight_decay: λ, at least 0; decoupled, as in AdamW.

    Numerics: sign(0) is 0, so that a coordinate that never had a gradient stays where it is but for its decay.

    Example:
        >>> weight = torch.nn.Parameter(torch.tensor([1.0, 1.0, 1.0]))
        >>> weight.grad = torch.tensor([5.0, -0.01, 0.0])
        >>> Lion([weight], lr=0.25).step()
        >>> weight.tolist()
        [0.75, 1.25, 1.0]
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step along the gradients; ``closure``, where given, computes them first and returns the loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)
        return loss

    def _move(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        (beta1, beta2), rate, decay = group["betas"], group["lr"], group["weight_decay"]
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum: Tensor = state["momentum"]
        direction = momentum.lerp(gradient, 1 - beta1).sign()
        parameter.mul_(1 - rate * decay).sub_(direction, alpha=rate)
        momentum.lerp_(gradient, 1 - beta2)
