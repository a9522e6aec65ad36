"""Some parameters get gradients and belong to no optimizer.

The optimizer was built before they were unfrozen or added, or was given a part of the network only. They stay as they
were drawn. What is not to be trained should not require gradients.

A hint where the optimizer was given the later layers alone, or a small part of a large network: a head on features
that are kept, an adapter, a prompt are trained like that. A warning where it still holds parameters that no network
uses any more, where a loss's own parameters were left out, or where a few were left out amid those that it owns.

Fires on:

    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters())
    model[2] = nn.Linear(8, 1)
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
from collections.abc import Iterable
from typing import Any

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._ownership import misspelt, rebuilt
from fallline.checks.rules._shared import tried
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
    if (
        not lost
        or any(misspelt(evidence.parameters[name]) for name in lost)
        or _measures(evidence, networks, lost)
        or _owned_elsewhere(evidence, lost)
    ):
        return None
    names, optimizer = evidence.names, evidence.optimizers[0]
    shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    return RULE.finding(
        what=f"{len(lost)} parameters get gradients and belong to no optimizer: {shown}.",
        why="They stay as they are, and computing their gradients is wasted.",
        mend=f"{names.optimizer} = torch.optim.{type(optimizer).__name__}({names.model}.parameters(), ...)"
        f"    # after unfreezing; or {names.optimizer}.add_param_group({{'params': ...}})",
        evidence={"parameters": lost},
        verified=tried(evidence, rebuilt),
        severity=None if _mistaken(evidence, lost) else Severity.hint,
    )


def _mistaken(evidence: Evidence, lost: list[str]) -> bool:
    """Whether what is left out cannot well have been left out on purpose."""
    owned, reached = evidence.owned, {name for backward in evidence.trace.backwards for name in backward.reached}
    networks = [*evidence.roots, *([evidence.setup.model] if evidence.setup is not None else [])]
    known = {id(p) for network in networks for p in network.parameters()}
    if any(id(evidence.parameters[name]) not in known for name in owned - reached):
        return True  # of a part that was replaced after the optimizer was built
    loss = evidence.setup.loss if evidence.setup is not None else None
    if isinstance(loss, torch.nn.Module) and {id(p) for p in loss.parameters()} & _ids(evidence, lost):
        return True
    first = _first_uses(evidence)
    before = max(first.get(name, 0) for name in lost) < min((first[name] for name in owned if name in first), default=0)
    return not before and _numbers(evidence, lost) < _numbers(evidence, owned)


def _measures(evidence: Evidence, networks: list[Any], lost: list[str]) -> bool:
    """Whether all of them are of parts in evaluation mode, as a pretrained network is that only measures."""
    parts = [part for network in networks if isinstance(network, torch.nn.Module) for part in network.modules()]
    learning = {id(p) for part in parts if part.training for p in part.parameters(recurse=False)}
    return bool(learning) and not learning & _ids(evidence, lost)


def _first_uses(evidence: Evidence) -> dict[str, int]:
    """Where each parameter is first used, by its name."""
    first: dict[str, int] = {}
    for operation in evidence.trace.operations:
        for seen in operation.inputs:
            if seen.label and seen.label.startswith("parameter "):
                first.setdefault(seen.label.removeprefix("parameter "), operation.index)
    return first


def _ids(evidence: Evidence, names: Iterable[str]) -> set[int]:
    return {id(evidence.parameters[name]) for name in names}


def _numbers(evidence: Evidence, names: Iterable[str]) -> int:
    return sum(evidence.parameters[name].numel() for name in names)


def _owned_elsewhere(evidence: Evidence, lost: list[str]) -> bool:
    """Whether an optimizer that made no step here owns them: one that is used every few batches, say."""
    ids = _ids(evidence, lost)
    for optimizer in (thing for thing in gc.get_objects() if issubclass(type(thing), torch.optim.Optimizer)):
        ids -= {id(p) for group in optimizer.param_groups for p in group["params"]}
    return not ids
