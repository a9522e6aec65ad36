"""The network is trained in evaluation mode.

After `model.eval()` batch norm uses its running statistics and does not update them, and dropout is off, until
`model.train()` is called. Left on from a validation pass it changes what is trained without a word.

Norms and dropout of a frozen part are right to be in evaluation mode, and a network in which one of them is in
training mode has been set so by hand. A gradient that no step uses, as an attack on the inputs takes it, is nothing
trained. Statistics of a thousand batches and more are those of a pretrained network, which may be meant to keep them,
and dropout may be left off on purpose, as where a policy is compared with what it was: these are hints, unless the
training began in training mode.

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
from fallline.checks.instruments import modal
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Place, Severity

RULE = Rule("FL801", "eval-mode", Severity.error, ("mode",))

_MANY = 1000
"""Batches that batch norm has seen in a network that was trained before."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a network with batch norm or dropout is as a whole in evaluation mode while it is trained."""
    used = {number for step in evidence.trace.steps for number in step.contributions}
    switched = False
    for number, backward in enumerate(evidence.trace.backwards):
        if backward.network is None or number not in used:
            continue
        if backward.evaluating and (changed := _mistaken(evidence, backward.network[1])):
            mild = not switched and (_pretrained(changed) or not _norms(changed))
            return _found(evidence, backward.network, changed, Severity.hint if mild else None)
        switched = switched or not backward.evaluating
    return None


def _mistaken(evidence: Evidence, network: nn.Module) -> list[nn.Module]:
    """The layers that behave differently in a network that is trained; none where that is meant."""
    changed = list(modal(network))
    return [] if not _trained(evidence, network) or _meant(evidence, network, changed) else changed


def _found(
    evidence: Evidence, network: tuple[str, nn.Module, Place | None], changed: list[nn.Module], bad: Severity | None
) -> Finding:
    spelled, _, place = network
    kinds = " and ".join(sorted({type(module).__name__ for module in changed}))
    name = evidence.names.model if evidence.setup is not None else spelled
    return RULE.finding(
        what=f"{name} is in evaluation mode while it is trained; {len(changed)} of its layers ({kinds}) behave "
        "differently there.",
        why="Batch norm uses its running statistics and never updates them; dropout is off.",
        mend=f"{name}.train()    # before the training step, again after each validation pass",
        evidence={"layers": len(changed), "kinds": kinds},
        where=place if evidence.setup is None or evidence.setup.train_step else None,
        severity=bad,
    )


def _meant(evidence: Evidence, network: nn.Module, changed: list[nn.Module]) -> bool:
    """Whether evaluation mode is no oversight: the norms belong to a part that is not trained."""
    trained = {id(p) for o in evidence.optimizers for g in o.param_groups for p in g["params"] if p.requires_grad}
    own = list(network.parameters())
    norms = [p for module in changed for p in module.parameters()]
    return any(id(p) not in trained for p in own) and not any(id(p) in trained for p in norms)


def _norms(changed: list[nn.Module]) -> list[nn.modules.batchnorm._BatchNorm]:
    return [module for module in changed if isinstance(module, nn.modules.batchnorm._BatchNorm)]


def _pretrained(changed: list[nn.Module]) -> bool:
    """Whether batch norm has seen so many batches that its statistics may well be meant to be kept."""
    counts = [module.num_batches_tracked for module in _norms(changed)]
    return bool(counts) and all(count is not None and int(count) >= _MANY for count in counts)


def _trained(evidence: Evidence, module: nn.Module) -> bool:
    """Whether an optimizer moves this network's own parameters; a frozen teacher is right to be in eval mode."""
    own = {id(p) for p in module.parameters() if p.requires_grad}
    return any(id(p) in own for optimizer in evidence.optimizers for g in optimizer.param_groups for p in g["params"])
