"""A tensor of the step before reaches into this one, with its graph.

A recurrent state, a running loss or a stored output still hangs on the graph that the last `backward()` has freed.
Torch raises when the next one comes to it; `retain_graph=True` only moves the error to the weights that the optimizer
has changed since. Detach what is carried over.

Fires on:

    model = nn.GRU(2, 4, batch_first=True)
    memory = {"state": None}
    loss = nn.MSELoss()
    x, y = torch.randn(3, 5, 2), torch.randn(3, 5, 4)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        output, memory["state"] = model(batch[0], memory["state"])
        value = loss(output, batch[1])
        value.backward()
        optimizer.step()
        return value

Silent on:

    model = nn.GRU(2, 4, batch_first=True)
    memory = {"state": None}
    loss = nn.MSELoss()
    x, y = torch.randn(3, 5, 2), torch.randn(3, 5, 4)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        output, state = model(batch[0], memory["state"])
        memory["state"] = state.detach()
        value = loss(output, batch[1])
        value.backward()
        optimizer.step()
        return value

Sources: https://github.com/OpenNMT/OpenNMT-py/issues/403
"""

from __future__ import annotations

from torch import Tensor

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.traced import Failure, Seen
from fallline.core.finding import Finding, Severity

RULE = Rule("FL605", "graph-kept", Severity.error, ("exception", "graph"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a backward pass raised and came upon a graph that an earlier one had been through."""
    failure, backwards = evidence.failure, evidence.trace.backwards
    if failure is None or failure.stage != "backward" or not backwards or not failure.arguments:
        return None
    stored = _stored_attribute(evidence)
    carried = _carried(evidence, failure, backwards[-1].index)
    if carried is None and stored is None:
        return None
    made = evidence.trace.producer(carried[0]) if carried is not None else None
    retained = any(backward.retain_graph for backward in backwards)
    what, mend = _said(stored, carried, made.name if made is not None else "it", retained=retained)
    return RULE.finding(
        what=what,
        why="backward() frees the graph it went through, and the step changes the weights in it; it cannot go "
        "through again.",
        mend=mend,
        evidence={"retain_graph": retained, "step": failure.step},
        where=(made.place if made is not None else None) or failure.place,
        message=failure.message,
    )


def _said(stored: str | None, carried: tuple[Seen, bool] | None, made: str, *, retained: bool) -> tuple[str, str]:
    """What is wrong and the mend: a tensor kept by a module, two passes in one step, or a tensor of an earlier one."""
    if stored is not None or carried is None:
        return (
            f"{stored} was computed once, before training, and hangs on a graph that the first backward() freed.",
            f"{stored} = nn.Parameter(...)    # make the parameter of the finished numbers; compute with it in forward",
        )
    seen, twice = carried
    if twice:
        return (
            "Two backward passes in one step go through the same part of the graph.",
            "(loss_a + loss_b).backward()    # once; or detach what the second is not meant to reach",
        )
    return (
        f"A tensor {seen.shape} of an earlier step, made by {made}, is used in this one with its graph"
        + (", which retain_graph=True kept." if retained else "."),
        "state = state.detach()    # before the next batch; (h, c) each"
        + ("\nloss.backward()    # without retain_graph=True" if retained else ""),
    )


def _carried(evidence: Evidence, failure: Failure, last: int) -> tuple[Seen, bool] | None:
    """A tensor made before the last backward pass that the loss depends on, and whether it is of the same step."""
    for operation in evidence.trace.ancestors(failure.arguments[0]):
        for each in operation.inputs:
            if each.producer is None or not each.needs_grad or each.leaf or operation.index < last <= each.producer:
                continue
            if each.producer < last <= operation.index:
                made = evidence.trace.operations[each.producer]
                stepped = any(step.index >= made.index for step in evidence.trace.steps)
                return each, (not stepped and not evidence.trace.steps) or not stepped
    loss = failure.arguments[0]
    if loss.producer is not None and loss.producer < last:
        return loss, True
    return None


def _stored_attribute(evidence: Evidence) -> str | None:
    """A tensor with history that a module has kept since before the training."""
    for name, module in evidence.modules:
        for attribute, value in module.__dict__.items():
            if isinstance(value, Tensor) and value.grad_fn is not None:
                return f"{name}.{attribute}"
    return None
