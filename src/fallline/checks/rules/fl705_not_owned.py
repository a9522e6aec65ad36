"""Some parameters get gradients and belong to no optimizer.

The optimizer was built before they were unfrozen or added, or was given a part of the network only. They stay as they
were drawn. What is not to be trained should not require gradients.

Fires on:

    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model[2].parameters())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    model[0].requires_grad_(False)
    optimizer = torch.optim.Adam(model[2].parameters())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/feedly/transfer-nlp/pull/14
"""

from __future__ import annotations

import gc

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._ownership import rebuilt
from fallline.checks.rules._shared import names_of, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL705", "not-owned", Severity.warning, ("ownership",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a network's trainable parameters get gradients, never move and have no optimizer."""
    reached = {name for backward in evidence.trace.backwards for name in backward.reached}
    if not evidence.optimizers or not reached & evidence.owned or not evidence.trace.steps:
        return None
    networks = [evidence.setup.model, evidence.setup.loss] if evidence.setup is not None else evidence.roots
    own = {id(p) for m in networks if isinstance(m, torch.nn.Module) for p in m.parameters() if p.requires_grad}
    lost = sorted(name for name in reached - evidence.owned - evidence.moved if id(evidence.parameters[name]) in own)
    if not lost or _owned_elsewhere(evidence, lost):
        return None
    names, optimizer = names_of(evidence), evidence.optimizers[0]
    shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    return RULE.finding(
        what=f"{len(lost)} parameters get gradients and belong to no optimizer: {shown}.",
        why="They stay as they are, and computing their gradients is wasted.",
        mend=f"{names.optimizer} = torch.optim.{type(optimizer).__name__}({names.model}.parameters(), ...)"
        f"    # after unfreezing; or {names.optimizer}.add_param_group({{'params': ...}})",
        evidence={"parameters": lost},
        verified=tried(evidence, rebuilt),
    )


def _owned_elsewhere(evidence: Evidence, lost: list[str]) -> bool:
    """Whether an optimizer that made no step here owns them: one that is used every few batches, say."""
    ids = {id(evidence.parameters[name]) for name in lost}
    for optimizer in (thing for thing in gc.get_objects() if issubclass(type(thing), torch.optim.Optimizer)):
        ids -= {id(p) for group in optimizer.param_groups for p in group["params"]}
    return not ids
