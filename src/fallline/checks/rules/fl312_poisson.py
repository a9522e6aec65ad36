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

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.rules._shared import patched, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL312", "poisson", Severity.error, ("contract", "nonfinite", "divergence", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where rates are given as logarithms, the other way round, or targets are negative."""
    for met in losses(evidence, "poisson_nll_loss"):
        logged = bool(met.operation.options.get("log_input", True))
        made, values, targets = evidence.transform(met.output), met.values, met.targets
        name = made.name if made is not None else ""
        if targets is not None and targets.numel() and float(targets.min()) < 0:
            what, mend, flag = (
                f"poisson_nll_loss is given negative counts (from {float(targets.min()):.3g}).",
                ("counts as they are, not standardized"),
                None,
            )
        elif logged and name in ("exp", "softplus", "relu", "sigmoid", "abs", "square"):
            what = (
                f"poisson_nll_loss takes the logarithm of the rate (log_input=True) and is given the output of {name}."
            )
            mend, flag = "nn.PoissonNLLLoss(log_input=False)", False
        elif not logged and values is not None and values.numel() and float(values.min()) < 0:
            what = "poisson_nll_loss takes the rate (log_input=False) and is given negative numbers (from "
            f"{float(values.min()):.3g})."
            mend, flag = "nn.PoissonNLLLoss()    # log_input=True: the network gives the rate's logarithm", True
        else:
            continue

        def other(func: Any, args: Any, kwargs: Any, flag: Any = flag) -> Any:
            return func(*args[:2], **{**kwargs, "log_input": flag})

        return RULE.finding(
            what=what,
            why="A rate is positive, and its logarithm is exponentiated once, by the loss.",
            mend=mend,
            evidence={"log_input": logged, "transform": name},
            verified=None if flag is None else tried(evidence, mode=patched(met.operation, other)),
            where=met.operation.place,
        )
    return None
