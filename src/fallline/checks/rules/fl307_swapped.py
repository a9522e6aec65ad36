"""A loss is given its target first and the output second.

Torch's losses take `(output, target)`. In losses that are not symmetric the other order computes something else: binary
cross entropy turns negative without bound, cross entropy raises. Squared and absolute losses are symmetric and do not
mind.

Fires on:

    model = nn.Linear(4, 1)
    loss = lambda output, target: nn.functional.binary_cross_entropy_with_logits(target, output)
    x, y = torch.randn(8, 4), torch.ones(8, 1)

Silent on:

    model = nn.Linear(4, 1)
    loss = lambda output, target: nn.functional.mse_loss(target, output)
    x, y = torch.randn(8, 4), torch.ones(8, 1)

Sources: https://github.com/mrdbourke/pytorch-deep-learning/pull/710
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import distributions
from fallline.checks.rules._shared import is_swapped, tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL307", "swapped", Severity.error, ("exception", "contract", "divergence", "stuck", "labels"))

_ORDERED = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "nll_loss",
    "kl_div",
    "poisson_nll_loss",
    "hinge_embedding_loss",
    "multi_margin_loss",
    "multilabel_soft_margin_loss",
    "multilabel_margin_loss",
)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the target's place needs gradients and the output's does not."""
    failed = evidence.failure.operation if evidence.failure is not None else None
    met_here = evidence.comparison(failed) if failed is not None else None
    for met in [*evidence.comparisons, *([met_here] if met_here is not None else [])]:
        if met.loss in _ORDERED and is_swapped(met) and not _on_purpose(evidence, met):
            return _found(evidence, met)
    return None


def _on_purpose(evidence: Evidence, met: Comparison) -> bool:
    """A divergence may be taken either way round, as long as scores or logs and probabilities are in their places."""
    values = met.values
    if met.loss == "cross_entropy":
        made = evidence.transform(met.target)
        return made is not None and made.name == "softmax"
    if met.loss != "kl_div" or values is None:
        return False
    return not distributions(values, values.dim() - 1) and bool((values <= 1e-6).all())


def _found(evidence: Evidence, met: Comparison) -> Finding:
    probable = met.loss == "kl_div" and distributions(met.targets, len(met.target.shape) - 1)
    output = "output.log()" if probable else "output"

    def back(func: Any, args: Any, kwargs: Any) -> Any:
        return (
            func(args[1].log() if probable else args[1], args[0], *args[2:], **kwargs)
            if len(args) > 1
            else func(**kwargs)
        )

    failure = evidence.failure
    return RULE.finding(
        what=f"{met.loss} is given the target {met.output.shape} first and the network's output "
        f"{met.target.shape} second.",
        why="It is not symmetric: taken this way round it measures something else, and may have no lower bound.",
        mend=f"{met.loss}({output}, target)",
        evidence={"first": met.output.shape, "second": met.target.shape},
        verified=tried(evidence, mode=Mended(met.operation, back)),
        where=met.operation.place,
        message=failure.message if failure is not None else None,
    )
