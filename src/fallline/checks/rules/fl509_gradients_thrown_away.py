"""A backward pass is done, and its gradients are set to zero before any step has used them.

Gradient accumulation adds up the gradients of several parts of a batch. With `zero_grad()` inside the loop over the
parts only the last one counts.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        for part in (slice(0, 4), slice(4, 8)):
            optimizer.zero_grad()
            value = loss(model(batch[0][part]), batch[1][part]) / 2
            value.backward()
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        for part in (slice(0, 4), slice(4, 8)):
            value = loss(model(batch[0][part]), batch[1][part]) / 2
            value.backward()
        optimizer.step()
        return value

Sources: https://github.com/huggingface/transformers/issues/2297
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL509", "gradients-thrown-away", Severity.error, ("loop",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where at every step passes since the last one were erased, though nothing read or moved in between."""
    trace = evidence.trace
    read = any(True for _ in trace.named("grad")) or any(event.kind == "measure" for event in trace.events)
    if len(trace.steps) < 2 or read or evidence.failure is not None:
        return None
    used = {number for step in trace.steps for number in step.contributions}
    last = trace.steps[-1].after
    wasted = [
        number
        for number, backward in enumerate(trace.backwards[: last - 1])
        if number not in used and backward.reached & evidence.owned and not trace.backwards[number + 1].moved
    ]
    if len(wasted) < len(trace.steps):
        return None
    first = trace.backwards[wasted[0]]
    zeroed = [e for e in trace.events if e.kind == "zero_grad" and e.detail["backwards"] == wasted[0] + 1]
    return RULE.finding(
        what=f"Of {len(trace.backwards)} backward passes the gradients of {len(wasted)} were set to zero before a step "
        "used them.",
        why="Only the last pass before each step counts; the others are computed for nothing.",
        mend="optimizer.zero_grad()    # before the loop over the parts, not in it",
        evidence={"backward passes": len(trace.backwards), "unused": len(wasted)},
        where=zeroed[0].place if zeroed else first.place,
    )
