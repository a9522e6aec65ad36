"""`KLDivLoss` and its `log_target` flag do not agree about the target.

Without the flag the target is probabilities, with it log-probabilities. Log-probabilities without the flag are negative
numbers of which a logarithm is taken: NaN. Probabilities with it are taken for logarithms.

Fires on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    loss = nn.KLDivLoss(reduction="batchmean")
    x, y = torch.randn(8, 4), torch.log_softmax(torch.randn(8, 3), dim=1)

Silent on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    loss = nn.KLDivLoss(reduction="batchmean", log_target=True)
    x, y = torch.randn(8, 4), torch.log_softmax(torch.randn(8, 3), dim=1)

Sources: https://github.com/PolarisShi/distillation/issues/1
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.operations import bound
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import distributions, losses
from fallline.checks.rules._shared import is_swapped, tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL305", "log-target", Severity.error, ("contract", "nonfinite", "stuck", "divergence"))

_ROUNDING = 1e-4


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the target's sign contradicts the flag."""
    for met in losses(evidence, "kl_div"):
        targets = met.targets
        if targets is None or not targets.numel() or not targets.is_floating_point():
            continue
        flag = bool(met.operation.options.get("log_target"))
        negative = bool((targets < 0).any())
        wrong = distributions(targets, targets.dim() - 1) if flag else negative
        if not wrong or is_swapped(met):
            continue
        if negative and bool((targets > _ROUNDING).any()):
            return _scores(evidence, met)

        def other(func: Any, args: Any, kwargs: Any, flag: Any = flag) -> Any:
            return func(*args, **{**kwargs, "log_target": not flag})

        now = "log-probabilities" if negative else "probabilities"
        return RULE.finding(
            what=f"kl_div with log_target={flag} is given {now} as its target "
            f"({float(targets.min()):.3g} to {float(targets.max()):.3g}).",
            why="Of negative numbers it takes a logarithm: the loss is NaN."
            if not flag
            else "It takes them for logarithms: the divergence means nothing.",
            mend=f'nn.KLDivLoss(reduction="batchmean", log_target={not flag})',
            evidence={"log_target": flag, "lowest target": float(targets.min())},
            verified=tried(evidence, mode=Mended(met.operation, other)),
            where=met.operation.place,
        )
    return None


def _scores(evidence: Evidence, met: Comparison) -> Finding:
    """A target of both signs is neither probabilities nor their logarithms."""
    targets = met.operation.values[met.target_name]

    def normalized(func: Any, args: Any, kwargs: Any) -> Any:
        given: dict[str, Any] = bound("kl_div", args, kwargs) | {"log_target": False}
        return func(**given | {"target": given["target"].softmax(-1)})

    return RULE.finding(
        what=f"kl_div is given raw scores as its target ({float(targets.min()):.3g} to {float(targets.max()):.3g}).",
        why="It compares two distributions: the target has to be probabilities, or their logarithms with "
        "log_target=True. Of negative numbers it takes a logarithm: the loss is NaN.",
        mend='nn.KLDivLoss(reduction="batchmean")(log_softmax(output), softmax(target))',
        evidence={"lowest target": float(targets.min()), "highest target": float(targets.max())},
        verified=tried(evidence, mode=Mended(met.operation, normalized)),
        where=met.operation.place,
    )
