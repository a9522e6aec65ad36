"""An optimizer's option has a value that undoes it.

Betas in the wrong order, momentum of 1 or more, and a weight decay so strong that it holds the weights at zero.

Fires on:

    model = nn.Linear(6, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.999, 0.9))
    loss = nn.MSELoss()
    x = torch.randn(64, 6)
    y = x.sum(1, keepdim=True)

Silent on:

    model = nn.Linear(6, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.5, 0.999))
    loss = nn.MSELoss()
    x = torch.randn(64, 6)
    y = x.sum(1, keepdim=True)

Sources: https://discuss.pytorch.org/t/weight-decay-parameter/83543
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.operations import LOSSES
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import finite
from fallline.checks.setup import Setup
from fallline.checks.trials import falls, said
from fallline.core.finding import Finding, Severity

RULE = Rule("FL909", "optimizer-options", Severity.warning, ("divergence", "stuck", "decay"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where one of these values is set; for weight decay only where the loss is much better without."""
    for optimizer in evidence.optimizers:
        for group in optimizer.param_groups:
            fault = _fault(evidence, group, type(optimizer).__name__)
            if fault is not None:
                what, why, mend, verified = fault
                return RULE.finding(
                    what=what,
                    why=why,
                    mend=mend.replace("OPTIMIZER", evidence.names.optimizer),
                    evidence={
                        name: group[name] for name in ("lr", "betas", "momentum", "weight_decay") if name in group
                    },
                    verified=verified,
                )
    return None


_Fault = tuple[str, str, str, str | None]
"""What is wrong, why it matters, the mend, and what came of it."""


def _fault(evidence: Evidence, group: dict[str, Any], kind: str) -> _Fault | None:
    return _averages(group, kind) or _uphill(evidence, group, kind) or _decay(evidence, group, kind)


def _averages(group: dict[str, Any], kind: str) -> _Fault | None:
    """Betas the wrong way round, or a momentum that never fades."""
    betas, momentum = group.get("betas"), group.get("momentum")
    if isinstance(betas, tuple) and len(betas) == 2 and betas[0] >= 0.99 and betas[1] < betas[0]:
        return (
            f"betas={betas}: the first is that of the gradient's average, the second that of its square.",
            "The direction is an average over a thousand steps and the scale one over ten: it reacts late and "
            "overshoots.",
            f"OPTIMIZER = torch.optim.{kind}(..., betas={(betas[1], betas[0])})",
            None,
        )
    if isinstance(momentum, int | float) and momentum >= 1:
        return (
            f"momentum={momentum:g}: old steps never fade.",
            "Each step keeps all of the last one; the weights run away.",
            f"OPTIMIZER = torch.optim.{kind}(..., momentum=0.9)",
            None,
        )
    return None


def _uphill(evidence: Evidence, group: dict[str, Any], kind: str) -> _Fault | None:
    """A loss that is maximized."""
    if not group.get("maximize") or evidence.setup is None or not evidence.losses[-1:] > evidence.losses[:1]:
        return None
    after = evidence.attempt(_minimized)
    made = evidence.trace.source(evidence.trace.backwards[0].loss) if evidence.trace.backwards else None
    if not falls(after) or made is None or made.name not in LOSSES:
        return None
    return (
        "maximize=True: the loss goes up.",
        "The steps follow the gradient uphill; a loss is to be made small.",
        f"OPTIMIZER = torch.optim.{kind}(...)    # without maximize=True",
        said(after, evidence.losses),
    )


def _decay(evidence: Evidence, group: dict[str, Any], kind: str) -> _Fault | None:
    """A weight decay without which the loss is much better."""
    decay, rate = group.get("weight_decay") or 0.0, group.get("lr") or 0.0
    coupled = kind not in ("AdamW", "Muon") and not group.get("decoupled_weight_decay")
    strong = decay >= 0.5 if coupled else decay * float(rate) >= 0.02
    if not strong or evidence.setup is None or evidence.failure is not None:
        return None
    with_it, without = evidence.attempt(steps=100), evidence.attempt(_undecayed, steps=100)
    if len(without) < 100 or not finite(without) or not without[-1] < 0.7 * with_it[-1]:
        return None
    return (
        f"weight_decay={decay:g}: after 100 steps the loss is {with_it[-1]:.3g}, without it {without[-1]:.3g}.",
        "The weights are pulled to zero harder than the loss pulls them anywhere.",
        f"OPTIMIZER = torch.optim.{kind}(..., weight_decay=1e-4)",
        said(without, with_it, steps=100),
    )


def _minimized(setup: Setup) -> Setup:
    setup.build()
    for group in setup.optimizer.param_groups if setup.optimizer is not None else ():
        group["maximize"] = False
    return setup


def _undecayed(setup: Setup) -> Setup:
    setup.build()
    for group in setup.optimizer.param_groups if setup.optimizer is not None else ():
        group["weight_decay"] = 0.0
    return setup
