"""Inputs or targets are on a scale that the network and learning rate are not made for.

Weights are drawn for inputs near 0 with a spread of about 1. Inputs of 0 … 255, years, or amounts in the thousands make
the first outputs and gradients as many times larger: the loss explodes, or units saturate and nothing is learned.
Targets in the hundred thousands take as long to reach at small steps.

Fires on:

    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss = nn.MSELoss()
    x = torch.arange(100.0).unsqueeze(1)
    y = 0.1 * x + 0.3

Silent on:

    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss = nn.MSELoss()
    x = torch.arange(100.0).unsqueeze(1) / 100
    y = 0.1 * x + 0.3

Sources: https://github.com/tensorflow/tensorflow/issues/3148
"""

from __future__ import annotations

from torch import Tensor

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import batch, calm, finite, heals, spread, standardized, untrained_loss, worse
from fallline.checks.rules._shared import cast_inputs, cast_targets
from fallline.checks.trials import said
from fallline.core.finding import Finding, Severity

RULE = Rule("FL906", "scale", Severity.error, ("divergence", "nonfinite", "stuck", "gradient"))

_LARGE_INPUT = 10.0
_LARGE_TARGET = 100.0
_ABSURD = 1e4
"""How many times an untrained network's loss nobody would begin with."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where training fails as it is, and works with the same inputs or targets standardized."""
    losses = evidence.losses
    if evidence.setup is None or evidence.failure is not None or len(losses) < 20 or not evidence.optimizers:
        return None
    stuck = finite(losses) and losses[-1] > 0.9 * losses[0] > 0
    usual = untrained_loss(evidence)
    absurd = usual is not None and finite(losses) and losses[0] > _ABSURD * usual and losses[-1] > _ABSURD * usual / 10
    if not worse(losses) and not stuck and not absurd:
        return None
    inputs, targets = batch(evidence)
    large = [tensor for tensor in inputs if tensor.is_floating_point() and spread(tensor)[1] > _LARGE_INPUT]
    if large:
        after = evidence.attempt(cast_inputs(lambda t: standardized(t) if spread(t)[1] > _LARGE_INPUT else t))
        if heals(after) or (worse(losses) and calm(after)):
            return _inputs(evidence, large[0], after)
    numbers = [t for t in targets if t.is_floating_point() and spread(t)[1] > _LARGE_TARGET]
    regression = any(
        met.loss.endswith(("mse_loss", "l1_loss", "huber_loss", "difference")) for met in evidence.comparisons
    )
    if numbers and regression:
        after = evidence.attempt(cast_targets(standardized))
        if heals(after) or (worse(losses) and calm(after)):
            return _targets(evidence, numbers[0], after)
    return None


def _inputs(evidence: Evidence, tensor: Tensor, after: list[float]) -> Finding:
    name, (mean, most) = evidence.names.inputs, spread(tensor)
    pixels = float(tensor.min()) >= 0 and 100 < most <= 255
    mend = f"{name} = {name} / 255" if pixels else f"{name} = ({name} - {name}.mean(0)) / ({name}.std(0) + 1e-8)"
    return RULE.finding(
        what=f"{name} goes up to {most:.3g} (mean {mean:.3g}), and the loss goes from {evidence.losses[0]:.3g} to "
        f"{evidence.losses[-1]:.3g} in {len(evidence.losses)} steps.",
        why="Weights and learning rates are made for inputs near 0 with a spread of about 1; outputs and "
        "gradients grow with them.",
        mend=f"{mend}    # by the training rows alone",
        evidence={"mean": mean, "largest": most},
        verified=said(after, evidence.losses),
    )


def _targets(evidence: Evidence, tensor: Tensor, after: list[float]) -> Finding:
    name, (mean, most) = evidence.names.targets, spread(tensor)
    return RULE.finding(
        what=f"{name} goes up to {most:.3g} (mean {mean:.3g}), and the loss goes from {evidence.losses[0]:.3g} to "
        f"{evidence.losses[-1]:.3g} in {len(evidence.losses)} steps.",
        why="The network begins with outputs near 0; at steps of this size it takes many thousands of them to "
        "get there, "
        "or a loss of this size throws the weights away.",
        mend=f"{name} = ({name} - {name}.mean()) / {name}.std()    # and back again after predicting",
        evidence={"mean": mean, "largest": most},
        verified=said(after, evidence.losses),
    )
