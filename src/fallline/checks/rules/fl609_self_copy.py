"""A network is loaded with its own weights.

`target = online` gives the one network a second name, and `best = model.state_dict()` holds the very tensors that the
training goes on to change. Loading them copies nothing: the target moves with every step, the best weights are the last
ones. `copy.deepcopy` makes a network, or weights, of their own.

Fires on:

    model = nn.Linear(3, 1)
    target = model
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train_step(model, loss, optimizer, batch):
        with torch.no_grad():
            wanted = batch[1] + 0.5 * target(batch[0])
        value = loss(model(batch[0]), wanted)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        target.load_state_dict(model.state_dict())
        return value

Silent on:

    import copy

    model = nn.Linear(3, 1)
    target = copy.deepcopy(model)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train_step(model, loss, optimizer, batch):
        with torch.no_grad():
            wanted = batch[1] + 0.5 * target(batch[0])
        value = loss(model(batch[0]), wanted)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        target.load_state_dict(model.state_dict())
        return value

Sources: https://github.com/datawhalechina/easy-rl/issues/140
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.traced import Event
from fallline.core.finding import Finding, Severity

RULE = Rule("FL609", "self-copy", Severity.warning)


def examine(evidence: Evidence) -> Finding | None:
    """Fires where all that a network is loaded with are the tensors that it holds already."""
    event = next((event for event in evidence.trace.events if event.kind == "self-copy"), None)
    if event is None or _changed(evidence, event):
        return None
    kind, count = event.detail["network"], event.detail["tensors"]
    return RULE.finding(
        what=f"A {kind} is loaded with its own weights: all {count} tensors are those that it holds already.",
        why="Nothing is copied. What was to be kept, a target network or the best weights, changes with every step.",
        mend="target = copy.deepcopy(model)    # or, to keep weights: best = copy.deepcopy(model.state_dict())",
        evidence={"network": kind, "tensors": count},
        where=event.place,
    )


def _changed(evidence: Evidence, event: Event) -> bool:
    """Whether the tensors that are loaded were changed in place since they were taken: the loading alters nothing."""
    for operation in evidence.trace.operations[: event.index]:
        in_place = operation.name.endswith("_") or operation.name.startswith("__i")
        made = evidence.trace.producer(operation.inputs[0]) if in_place and operation.inputs else None
        while made is not None and made.name.endswith("_"):
            made = evidence.trace.producer(made.inputs[0])
        if made is not None and made.name in ("detach", "data"):
            return True
    return False
