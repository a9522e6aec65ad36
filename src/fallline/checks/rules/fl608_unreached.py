"""A part of the network is used, and no gradient ever reaches it.

It runs under `torch.no_grad()`, or its output is detached, sampled or cut in another way before the loss. Its optimizer
steps, and its parameters stay as they were drawn. What is meant to stay should not require gradients; what is moved or
replaced without them, as a codebook that follows averages, is none of it.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = nn.Linear(3, 8), nn.Linear(8, 1)

        def forward(self, x):
            with torch.no_grad():
                hidden = torch.relu(self.encoder(x))
            return self.head(hidden)

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = nn.Linear(3, 8), nn.Linear(8, 1)
            self.encoder.requires_grad_(False)

        def forward(self, x):
            return self.head(self.encoder(x).detach())

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/detach-no-grad-and-requires-grad/16915
"""

from __future__ import annotations

import ast

from fallline.checks.evidence import Evidence
from fallline.checks.places import function_at
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import skipping
from fallline.checks.rules._graph import SAMPLING, VALUES, cut_from
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.core.finding import Finding, Place, Severity

RULE = Rule("FL608", "unreached", Severity.error, ("ownership", "gradient", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where trainable parameters with an optimizer are used, never get a gradient, and a cut is on the way."""
    backwards = evidence.trace.backwards
    if len(backwards) < 2 or evidence.failure is not None:
        return None
    reached = {name for backward in backwards for name in backward.reached}
    lost = {
        name
        for name in (evidence.owned & _used(evidence)) - reached - evidence.moved
        if evidence.parameters[name].requires_grad and evidence.parameters[name].is_leaf
    }
    if not lost or not reached:
        return None
    found = next((cut for b in backwards[:4] if (cut := cut_from(evidence, b.loss, lost)) is not None), None)
    found = found or _through_python(evidence, lost)
    if found is None or (_twins(evidence, lost, reached) and not _decides(evidence, found[0])):
        return None
    operation, reason = found
    names = sorted(lost)
    forgotten = _forgotten(evidence, lost, reached)
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    mend = f"remove .{operation.name}(...) here"
    if operation.name in SAMPLING:
        mend = "distribution.rsample()    # draws so that gradients flow through it"
    elif forgotten is not None:
        reason = f"{forgotten.name} makes a loss of what they give, and nothing calls backward() on it"
        mend = "loss.backward()    # of the loss that this line computes, before the step of their optimizer"
    elif not operation.grad:
        mend = "call it outside torch.no_grad()    # or freeze it: .requires_grad_(False)"
    plain = forgotten is None and operation.name in ("detach", "data")
    verified = tried(evidence, mode=skipping(operation)) if plain else None
    switched = forgotten is None and not operation.grad and _switched(operation.place)
    return RULE.finding(
        what=f"{len(names)} parameters are used and get no gradient: {shown}; {reason}.",
        why="The loss depends on them, and backward() cannot reach them: they stay as they were drawn."
        if forgotten is None
        else "Their optimizer steps without a gradient: they stay as they were drawn.",
        mend=mend,
        evidence={"parameters": names[:10], "cut by": operation.name},
        verified=verified,
        where=(forgotten or operation).place,
        severity=Severity.hint if switched else None,  # they may be trained from some later step on
    )


def _switched(place: Place | None) -> bool:
    """Whether gradients are switched by a condition in the function that holds a line."""
    for node in function_at(place):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "set_grad_enabled":
            if any(not isinstance(argument, ast.Constant) for argument in node.args):
                return True
        elif isinstance(node, ast.IfExp) and ("no_grad" in ast.unparse(node) or "detach" in ast.unparse(node)):
            return True
    return False


def _forgotten(evidence: Evidence, lost: set[str], reached: set[str]) -> Operation | None:
    """A single number with gradients, made of what these parameters give, that no backward pass starts from.

    Only where they have an optimizer of their own: it was meant to follow a loss of its own.
    """
    steps = [step for step in evidence.trace.steps if step.owned & lost]
    if not steps or any(step.owned & reached for step in steps):
        return None
    begun = {backward.loss.key for backward in evidence.trace.backwards}
    used = {each.key for op in evidence.trace.operations for each in op.inputs if op.name not in VALUES}
    labels = {f"parameter {name}" for name in lost}
    for operation in evidence.trace.operations:
        made = operation.output
        if made is None or made.shape != () or not made.needs_grad or made.key in begun | used:
            continue
        if labels & evidence.trace.labels(made):
            return operation
    return None


def _decides(evidence: Evidence, operation: Operation) -> bool:
    """Whether a layer compares numbers of its own: a hard gate inside a network, not the target of another one."""
    compared = evidence.trace.source(operation.output)
    return compared is not None and compared.name in ("gt", "ge", "lt", "le") and operation.grad and compared.grad


def _used(evidence: Evidence) -> set[str]:
    """Parameters that any operation used, also without gradients."""
    labels = {seen.label for operation in evidence.trace.operations for seen in operation.inputs if seen.label}
    return {label.removeprefix("parameter ") for label in labels if label.startswith("parameter ")}


def _through_python(evidence: Evidence, lost: set[str]) -> tuple[Operation, str] | None:
    """Where what they give is taken out of the graph as Python or NumPy numbers inside a network."""
    labels = {f"parameter {name}" for name in lost}
    for operation in evidence.trace.named(*VALUES, step=0):
        inside = any(call.start <= operation.index < call.end for call in evidence.root_calls)
        if inside and any(labels & evidence.trace.labels(seen) for seen in operation.inputs):
            return operation, VALUES[operation.name]
    return None


def _twins(evidence: Evidence, lost: set[str], reached: set[str]) -> bool:
    """Whether they are a copy of what is trained, as a target or a moving average is."""
    shapes = sorted(tuple(evidence.parameters[name].shape) for name in reached)
    for shape in sorted(tuple(evidence.parameters[name].shape) for name in lost):
        if shape not in shapes:
            return False
        shapes.remove(shape)
    return True
