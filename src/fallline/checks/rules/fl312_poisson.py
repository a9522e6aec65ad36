"""`PoissonNLLLoss` and its `log_input` flag do not agree about the output.

With `log_input=True`, the default, the network gives the logarithm of the rate, without an activation. With
`log_input=False` it gives the rate itself, which has to be positive. And counts are 0 or more.

Fires on:

    model = nn.Sequential(nn.Linear(4, 1), nn.Softplus())
    loss = nn.PoissonNLLLoss()
    x, y = torch.randn(8, 4), torch.arange(8.0).unsqueeze(1)

Silent on:

    model = nn.Linear(4, 1)
    loss = nn.PoissonNLLLoss()
    x, y = torch.randn(8, 4), torch.arange(8.0).unsqueeze(1)

Sources: https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL312", "poisson", Severity.error, ("contract", "nonfinite", "divergence", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where rates are given as logarithms, the other way round, or targets are negative."""
    for met in losses(evidence, "poisson_nll_loss"):
        logged = bool(met.operation.options.get("log_input", True))
        made = evidence.transform(met.output)
        name = made.name if made is not None else ""
        fault = _fault(met, name, logged=logged)
        if fault is None:
            continue
        what, mend, flag = fault
        return RULE.finding(
            what=what,
            why="A rate is positive, and its logarithm is exponentiated once, by the loss.",
            mend=mend,
            evidence={"log_input": logged, "transform": name},
            verified=None if flag is None else tried(evidence, mode=Mended(met.operation, _flagged(flag))),
            where=met.operation.place,
        )
    return None


def _fault(met: Comparison, name: str, *, logged: bool) -> tuple[str, str, bool | None] | None:
    """What is wrong, the mend, and what log_input is to be; None where nothing is."""
    counts, values = _lowest(met.targets), _lowest(met.values)
    if counts < 0:
        return (
            f"poisson_nll_loss is given negative counts (from {counts:.3g}).",
            "counts as they are, not standardized",
            None,
        )
    if logged and name in ("exp", "softplus", "relu", "sigmoid", "abs", "square"):
        return (
            f"poisson_nll_loss takes the logarithm of the rate (log_input=True) and is given the output of {name}.",
            "nn.PoissonNLLLoss(log_input=False)",
            False,
        )
    if not logged and values < 0:
        return (
            f"poisson_nll_loss takes the rate (log_input=False) and is given negative numbers (from {values:.3g}).",
            "nn.PoissonNLLLoss()    # log_input=True: the network gives the rate's logarithm",
            True,
        )
    return None


def _lowest(numbers: Tensor | None) -> float:
    return float(numbers.min()) if numbers is not None and numbers.numel() else 0.0


def _flagged(flag: bool) -> Callable[..., Any]:
    """The loss with log_input as it is to be."""
    return lambda func, args, kwargs: func(*args[:2], **{**kwargs, "log_input": flag})
