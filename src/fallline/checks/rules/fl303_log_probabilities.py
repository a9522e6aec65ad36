"""A loss that takes log-probabilities is given something else.

`NLLLoss` and `KLDivLoss` do no arithmetic of their own on their input: they need the output of `log_softmax`. Raw
scores or probabilities run, give a loss that can be negative, and train towards the wrong thing.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.NLLLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Silent on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    loss = nn.NLLLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Sources: https://github.com/sebastian-hofstaetter/matchmaker/issues/18,
https://github.com/lightly-ai/lightly/pull/1341
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import distributions, log_distributions, losses
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL303", "log-probabilities", Severity.error, ("contract", "stuck", "divergence"))

_COMPUTED = ("sum", "mul", "sub", "add", "div", "neg", "logsumexp", "rsub", "mean")
"""What a density is computed by, as a layer's scores are not."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the input of a loss of log-probabilities has numbers above 0."""
    for met in losses(evidence, "nll_loss", "kl_div", "ctc_loss"):
        values = met.values
        made = evidence.transform(met.output)
        name = made.name if made is not None else ""
        if values is None or not values.numel() or name in ("log_softmax", "log_sigmoid") or is_reversed(met):
            continue
        axis = values.dim() - 1 if met.loss in ("kl_div", "ctc_loss") or values.dim() < 2 else 1
        if log_distributions(values, axis) or not bool((values > 1e-4).any()) or not values.isfinite().all():
            continue
        if _weighted(evidence, made):
            continue
        return _found(evidence, met, values, name, axis)
    return None


def _weighted(evidence: Evidence, made: Operation | None) -> bool:
    """Whether log-probabilities are multiplied with what an action was worth, as a policy's are."""
    if made is None or made.name not in ("mul", "__mul__", "__rmul__"):
        return False
    sources = [evidence.transform(each) for each in made.inputs]
    return any(source is not None and source.name in ("log_softmax", "log_sigmoid") for source in sources)


def is_reversed(met: Comparison) -> bool:
    """Whether a divergence is taken the other way round, with the network as its target."""
    return met.loss == "kl_div" and not met.output.needs_grad and met.target.needs_grad


def _found(evidence: Evidence, met: Comparison, values: Tensor, name: str, axis: int) -> Finding:
    probabilities = name in ("softmax", "sigmoid") or distributions(met.values, axis)
    kind = "probabilities" if probabilities else "raw scores"

    def logged(func: Any, args: Any, kwargs: Any) -> Any:
        fit = torch.log if probabilities else (lambda t: torch.log_softmax(t, axis))
        return func(fit(args[0]), *args[1:], **kwargs) if args else func(**kwargs)

    wanted = "log_softmax" if probabilities else f"F.log_softmax(output, dim={axis if axis == 1 else -1})"
    mend = {
        "nll_loss": f"{wanted} before NLLLoss, or nn.CrossEntropyLoss() on the raw scores",
        "kl_div": 'F.kl_div(F.log_softmax(output, dim=-1), target, reduction="batchmean")',
        "ctc_loss": "F.ctc_loss(output.log_softmax(-1), ...)",
    }[met.loss]
    return RULE.finding(
        what=f"{met.loss} is given {kind} (from {name or 'the network'}, {float(values.min()):.3g} to "
        f"{float(values.max()):.3g}); it needs log-probabilities, at most 0.",
        why="It takes its input as logarithms as they are: the loss has no lower bound that means anything, and "
        "training follows the wrong gradient.",
        mend=mend,
        evidence={"lowest": float(values.min()), "highest": float(values.max()), "transform": name},
        verified=tried(evidence, mode=Mended(met.operation, logged)),
        where=met.operation.place,
        severity=Severity.hint if name in _COMPUTED and not probabilities else None,  # log-densities may exceed 0
    )
