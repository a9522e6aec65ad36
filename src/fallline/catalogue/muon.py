"""Muon as it is used: on the matrices, with AdamW on the rest (Jordan et al. 2024), as one optimizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, final

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from fallline.core.errors import RecipeError

__all__ = ["MuonWithAdamW"]


@final
class MuonWithAdamW:
    """Torch's Muon on parameters of two dimensions and AdamW on all others, both at the same learning rate.

    Muon's step is scaled by 0.2 √max(rows, columns) (Liu et al. 2025), which gives it the root mean square of
    AdamW's, so that one learning rate and one weight decay suit both. Either share of the parameters may be empty.

    Args:
        parameters: What to move.
        lr: The learning rate.
        momentum: Muon's momentum.
        nesterov: Whether Muon's momentum looks ahead.
        ns_steps: Newton-Schulz iterations that make Muon's step orthogonal.
        beta1: AdamW's memory of the mean gradient.
        beta2: AdamW's memory of the mean squared gradient.
        eps: AdamW's addition to the divisor.
        weight_decay: Of both, decoupled.

    Raises:
        RecipeError: Torch is older than 2.9 and has no Muon.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        lr: float,
        momentum: float,
        nesterov: bool,
        ns_steps: int,
        beta1: float,
        beta2: float,
        eps: float,
        weight_decay: float,
    ) -> None:
        parameters = list(parameters)
        matrices = [parameter for parameter in parameters if parameter.ndim == 2]
        others = [parameter for parameter in parameters if parameter.ndim != 2]
        self._parts: dict[str, Optimizer] = {}
        if matrices:
            self._parts["muon"] = _muon_class()(
                matrices,
                lr=lr,
                momentum=momentum,
                nesterov=nesterov,
                ns_steps=ns_steps,
                weight_decay=weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )
        if others:
            self._parts["adamw"] = AdamW(others, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Muon's group, then AdamW's."""
        return [group for part in self._parts.values() for group in part.param_groups]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self._parts.values():
            part.zero_grad()

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """One step of each; ``closure``, where given, computes the gradients first, once, and returns the loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self._parts.values():
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """As a torch optimizer's, with the parts' states by their names."""
        states = {name: part.state_dict() for name, part in self._parts.items()}
        return {
            "state": {name: state["state"] for name, state in states.items()},
            "param_groups": [group for state in states.values() for group in state["param_groups"]],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave for parameters of the same shapes."""
        groups = iter(state_dict["param_groups"])
        for name, part in self._parts.items():
            part.load_state_dict({"state": state_dict["state"][name], "param_groups": [next(groups)]})


def _muon_class() -> Callable[..., Optimizer]:
    muon = getattr(torch.optim, "Muon", None)
    if muon is None:
        raise RecipeError(
            "setting up optimizer muon",
            "the torch that is installed has no Muon",
            expected="torch 2.9 or later",
            got=f"torch {torch.__version__}",
            do="pip install --upgrade 'torch>=2.9', or --optimizer adamw",
        )
    return muon
