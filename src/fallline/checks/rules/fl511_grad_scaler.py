"""A `GradScaler` scales the loss, and something that follows does not know of it.

`scaler.scale(loss).backward()` gives gradients some 65,536 times too large. `scaler.step(optimizer)` divides them
again; `optimizer.step()` does not. A clipping in between needs `scaler.unscale_(optimizer)` first, or it cuts every
gradient to a threshold meant for unscaled ones. `scaler.update()` ends the step.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    scaler = torch.amp.GradScaler("cpu")

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    scaler = torch.amp.GradScaler("cpu")

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        return value

Sources: https://github.com/pytorch/examples/issues/1196, https://github.com/Lightning-AI/pytorch-lightning/issues/9330
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.traced import Event
from fallline.core.finding import Finding, Place, Severity

RULE = Rule("FL511", "grad-scaler", Severity.error, ("loop", "divergence", "nonfinite", "stuck", "exception"))

_SCALED = 0.01
"""A bound of more than this share of the scale is meant for scaled gradients."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where scaled gradients are stepped with or clipped as they are, or a scaled step is never ended."""
    events = [event for event in evidence.trace.events if event.kind in ("scaler", "clip")]
    actions = [event.detail.get("action", "clip") for event in events]
    scaled = next((e for e in events if e.detail.get("action") == "scale" and e.detail["factor"] != 1), None)
    if scaled is None:
        return None
    if evidence.failure is not None:
        return _unended(evidence, events)
    stepped = "step" not in actions and "unscale_" not in actions and len(evidence.trace.steps) > 1
    if stepped and not _divided(evidence):
        return _found(
            evidence,
            f"optimizer.step() follows gradients that are scaled by {scaled.detail['factor']:g}",
            "Nothing divides them again: each step is that many times too long, or of the wrong length.",
            "scaler.step(optimizer)    # instead of optimizer.step()\nscaler.update()",
            evidence.trace.steps[0].place,
        )
    clips = [
        place
        for place, action in enumerate(actions)
        if action == "clip" and events[place].detail["bound"] < _SCALED * scaled.detail["factor"]
    ]
    if clips and all(_still_scaled(events[:place]) for place in clips):
        return _found(
            evidence,
            f"The gradients are clipped while they are scaled by {scaled.detail['factor']:g}",
            "The threshold is meant for unscaled gradients: nearly every one is cut, and after the division next to "
            "nothing is left.",
            "scaler.unscale_(optimizer)    # before clipping",
            events[clips[0]].place,
        )
    return None


def _divided(evidence: Evidence) -> bool:
    """Whether the gradients are changed by hand, as where they are divided by the scale again."""
    for operation in evidence.trace.operations:
        given = operation.name == "set grad" and len(operation.inputs) > 1
        in_place = (operation.name.endswith("_") and operation.name != "zero_") or operation.name.startswith("__i")
        sources = [evidence.trace.source(each) for each in operation.inputs] if in_place else []
        if given or any(source is not None and source.name == "grad" for source in sources):
            return True
    return False


def _still_scaled(before: list[Event]) -> bool:
    """Whether the last thing that a scaler did was to scale a loss."""
    last = next((event for event in reversed(before) if event.kind == "scaler"), None)
    return last is not None and last.detail["action"] == "scale" and last.detail["factor"] != 1


def _unended(evidence: Evidence, events: list[Event]) -> Finding | None:
    """A second step or division of the same gradients raised."""
    *earlier, last = [event for event in events if event.kind == "scaler"]
    action = last.detail["action"]
    since = [event.detail["action"] for event in earlier]
    if action == "update" and "step" not in since and "unscale_" not in since and evidence.trace.steps:
        return _found(
            evidence,
            "optimizer.step() follows scaled gradients, and scaler.update() has no scaled step to end",
            "scaler.step(optimizer) divides the gradients again and looks whether all are finite; update() needs it.",
            "scaler.step(optimizer)    # instead of optimizer.step()\nscaler.update()",
            evidence.trace.steps[0].place or evidence.failure.place,
        )
    if action not in ("step", "unscale_") or not isinstance(evidence.failure.error, RuntimeError):
        return None
    for event in reversed(earlier):
        if event.detail["action"] == "update":
            return None
        if event.owner == last.owner and (event.detail["action"], action) != ("unscale_", "step"):
            done = event.detail["action"] == "step"
            return _found(
                evidence,
                f"scaler.{action}() comes a second time before scaler.update()",
                "The scaler keeps for each optimizer how far its step is; update() begins the next one.",
                "scaler.step(optimizer)\nscaler.update()" if done else "scaler.unscale_(optimizer)    # once a step",
                evidence.failure.place,
            )
    return None


def _found(evidence: Evidence, what: str, why: str, mend: str, where: Place | None) -> Finding:
    return RULE.finding(
        what=f"{what}.",
        why=why,
        mend=mend,
        evidence={"steps": len(evidence.trace.steps)},
        where=where,
        message=evidence.failure.message if evidence.failure is not None else None,
    )
