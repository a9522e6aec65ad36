"""`GaussianNLLLoss` is given a variance that can be negative.

The third argument is the variance itself. A raw output, or the logarithm of the variance, is negative for some inputs:
torch raises, or trains towards nonsense as long as it happens to be positive.

Fires on:

    model = nn.Linear(4, 2)
    loss = lambda output, target: nn.GaussianNLLLoss()(output[:, :1], target, output[:, 1:])
    x, y = torch.randn(64, 4), torch.randn(64, 1)

Silent on:

    model = nn.Linear(4, 2)
    loss = lambda output, target: nn.GaussianNLLLoss()(output[:, :1], target, output[:, 1:].exp())
    x, y = torch.randn(64, 4), torch.randn(64, 1)

Sources: https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL313", "variance", Severity.error, ("exception", "contract", "nonfinite"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the variance is negative at any of the steps recorded."""
    failed = evidence.failure.operation if evidence.failure is not None else None
    for operation in [*evidence.trace.operations, *([failed] if failed is not None else [])]:
        variance, values = operation.named.get("var"), operation.values.get("var")
        if operation.name != "gaussian_nll_loss" or variance is None or values is None or not values.numel():
            continue
        if float(values.min()) >= 0:
            continue
        made = evidence.transform(variance)

        def exponentiated(func: Any, args: Any, kwargs: Any) -> Any:
            return (
                func(args[0], args[1], args[2].exp(), *args[3:], **kwargs)
                if len(args) > 2
                else func(*args, **{**kwargs, "var": kwargs["var"].exp()})
            )

        failure = evidence.failure
        return RULE.finding(
            what=f"gaussian_nll_loss is given a variance from {float(values.min()):.3g} to {float(values.max()):.3g}, "
            f"from {made.name if made is not None else 'the network'}.",
            why="A variance is positive; a raw output, or a logarithm, is not.",
            mend="nn.GaussianNLLLoss()(mean, target, log_variance.exp())    # or F.softplus(raw)",
            evidence={"lowest": float(values.min()), "highest": float(values.max())},
            verified=tried(evidence, mode=Mended(operation, exponentiated)),
            where=operation.place,
            message=failure.message if failure is not None else None,
        )
    return None
