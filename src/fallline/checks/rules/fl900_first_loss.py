"""The first loss is far beyond what an untrained network gives, because of its weights.

Weights drawn with a spread of 1 make every layer's output larger than the last by the root of its width. The first
loss is then thousands of times what predicting the mean would give, and training begins with getting rid of it, if it
does not explode.

Fires on:

    layers = [layer for _ in range(4) for layer in (nn.Linear(32, 32), nn.ReLU())]
    model = nn.Sequential(*layers, nn.Linear(32, 1))
    for layer in model[::2]:
        nn.init.normal_(layer.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    loss = nn.MSELoss()
    x = torch.randn(64, 32)
    y = x[:, :1]

Silent on:

    layers = [layer for _ in range(4) for layer in (nn.Linear(32, 32), nn.ReLU())]
    model = nn.Sequential(*layers, nn.Linear(32, 1))
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    loss = nn.MSELoss()
    x = torch.randn(64, 32)
    y = x[:, :1]

Sources: Glorot and Bengio (2010); He et al. (2015)
"""

from __future__ import annotations

import math

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._numbers import batch, heals, spread, untrained_loss, worse
from fallline.checks.setup import Setup
from fallline.checks.trials import said
from fallline.core.finding import Finding, Severity

RULE = Rule("FL900", "first-loss", Severity.error, ("divergence", "nonfinite", "stuck"))

_FAR = 300.0
_DRAWN = (nn.Linear, nn.modules.conv._ConvNd)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the first loss is hundreds of times an untrained network's, and not with torch's own weights."""
    losses, setup = evidence.losses, evidence.setup
    usual = untrained_loss(evidence)
    if setup is None or len(losses) < 5 or usual is None or not math.isfinite(losses[0]) or losses[0] < _FAR * usual:
        return None
    if not worse(losses) and not losses[-1] > 20 * usual:
        return None
    if any(spread(tensor)[1] > 50 for tensor in batch(evidence)[0] if tensor.is_floating_point()):
        return None
    after = evidence.attempt(_redrawn)
    if len(after) < 20 or after[0] > 0.01 * losses[0] or not (heals(after) or after[-1] < 3 * usual):
        return None
    name = evidence.names.model
    return RULE.finding(
        what=f"The first loss is {losses[0]:.3g}; an untrained network would give about {usual:.3g}.",
        why="The weights are drawn too large: each layer's output is larger than the last, and so are the gradients.",
        mend=f"for layer in {name}.modules():\n    if isinstance(layer, nn.Linear):\n"
        "        nn.init.kaiming_normal_(layer.weight)    # a spread of sqrt(2 / inputs), not 1",
        evidence={"first loss": losses[0], "usual": usual},
        verified=said(after, losses),
    )


def _redrawn(setup: Setup) -> Setup:
    """The same network with the weights that torch would draw."""
    for module in setup.model.modules():
        if isinstance(module, _DRAWN):
            module.reset_parameters()
    return setup
