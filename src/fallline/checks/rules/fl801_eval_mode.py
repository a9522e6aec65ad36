"""The network is trained in evaluation mode.

After `model.eval()` batch norm uses its running statistics and does not update them, and dropout is off, until
`model.train()` is called. Left on from a validation pass it changes what is trained without a word.

Fires on:

    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1)).eval()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    model[1].eval().requires_grad_(False)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/pytorch/tutorials/issues/1624
"""

from __future__ import annotations

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import names_of
from fallline.core.finding import Finding, Severity

RULE = Rule("FL801", "eval-mode", Severity.error, ("mode",))

_CHANGED = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a network with batch norm or dropout is as a whole in evaluation mode while it is trained."""
    for backward in evidence.trace.backwards:
        if not backward.evaluating or backward.network is None:
            continue
        spelled, network, place = backward.network
        if not _trained(evidence, network):
            continue
        changed = [m for m in network.modules() if isinstance(m, _CHANGED) and _matters(m)]
        if not changed:
            continue
        kinds = " and ".join(sorted({type(module).__name__ for module in changed}))
        name = names_of(evidence).model if evidence.setup is not None else spelled

        return RULE.finding(
            what=f"{name} is in evaluation mode while it is trained; {len(changed)} of its layers ({kinds}) behave "
            "differently there.",
            why="Batch norm uses its running statistics and never updates them; dropout is off.",
            mend=f"{name}.train()    # before the training step, again after each validation pass",
            evidence={"layers": len(changed), "kinds": kinds},
            where=place if evidence.setup is None or evidence.setup.train_step else None,
        )
    return None


def _matters(module: nn.Module) -> bool:
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return module.p > 0
    return bool(getattr(module, "track_running_stats", True))


def _trained(evidence: Evidence, module: nn.Module) -> bool:
    """Whether an optimizer moves this network's own parameters; a frozen teacher is right to be in eval mode."""
    own = {id(p) for p in module.parameters() if p.requires_grad}
    return any(id(p) in own for optimizer in evidence.optimizers for g in optimizer.param_groups for p in g["params"])
