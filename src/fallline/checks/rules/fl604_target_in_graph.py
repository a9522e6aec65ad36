"""A target that the network computes itself stays in the graph.

In temporal-difference learning the target, reward + γ · max Q(next state), is to be taken as given. Left in the graph,
the gradient also moves the target towards the prediction. `detach()` returns a new tensor: calling it without using the
result does nothing.

Fires on:

    model = nn.Linear(3, 2)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8)

    def train_step(model, loss, optimizer, batch):
        target = batch[1] + 0.9 * model(batch[0].flip(0)).max(1).values
        value = loss(model(batch[0])[:, 0], target)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 2)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8)

    def train_step(model, loss, optimizer, batch):
        with torch.no_grad():
            target = batch[1] + 0.9 * model(batch[0].flip(0)).max(1).values
        value = loss(model(batch[0])[:, 0], target)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

Sources: https://github.com/philtabor/Deep-Q-Learning-Paper-To-Code/issues/9
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL604", "target-in-graph", Severity.error, ("target",))

_LOSSES = ("mse_loss", "smooth_l1_loss", "huber_loss", "l1_loss")
_BEST = ("max", "amax", "argmax", "logsumexp", "maximum")
"""How the best of a network's outputs is taken; within a network they pool."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where one side of a difference is a network's output plus a given number per sample, with gradients."""
    for met in evidence.comparisons:
        if met.loss not in _LOSSES or not met.output.needs_grad or not met.target.needs_grad:
            continue
        turned = _bootstrapped(evidence, met, met.output_name)
        if not turned and not _bootstrapped(evidence, met, met.target_name):
            continue
        discarded = next((op for op in evidence.trace.named("detach") if _unused(evidence, op.outputs)), None)
        place = 0 if turned else 1

        def given(func: Any, args: Any, kwargs: Any, place: Any = place) -> Any:
            return func(*(a.detach() if i == place else a for i, a in enumerate(args)), **kwargs)

        return RULE.finding(
            what="The target is computed from the network and requires gradients"
            + ("; a detach() was called and its result not used." if discarded is not None else "."),
            why="The gradient moves the target towards the prediction as well as the other way round.",
            mend="with torch.no_grad():\n    target = reward + gamma * model(next_state).max(1).values"
            if discarded is None
            else "target = target.detach()    # detach() returns a new tensor",
            evidence={"discarded detach": discarded is not None},
            verified=tried(evidence, mode=Mended(met.operation, given)),
            where=discarded.place if discarded is not None else met.operation.place,
        )
    return None


def _bootstrapped(evidence: Evidence, met: Comparison, name: str) -> bool:
    """Whether a side adds given numbers to the best of a network's outputs."""
    seen = met.operation.named[name]
    ancestors = list(evidence.trace.ancestors(seen))
    inside = {index for call in evidence.root_calls for index in range(call.start, call.end)}
    best = any(op.name in _BEST and op.index not in inside for op in ancestors)
    adds = evidence.trace.source(seen)
    if adds is None or adds.name not in ("add", "__radd__", "sub") or not seen.needs_grad:
        return False
    given = any(not evidence.from_network(each) for each in adds.inputs)
    labelled = evidence.setup is None or "target" in evidence.trace.labels(seen)
    return given and labelled and (best or any(_unused(evidence, op.outputs) for op in evidence.trace.named("detach")))


def _unused(evidence: Evidence, outputs: Any) -> bool:
    """Whether nothing was done with what an operation returned."""
    keys = {seen.key for seen in outputs}
    return not any(each.key in keys for op in evidence.trace.operations for each in op.inputs)
