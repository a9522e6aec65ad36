"""Gradients are clipped where there are none to clip.

Clipping belongs between `backward()` and `step()`. After the step it clips gradients that have been used; before the
backward pass it clips those of the batch before, or nothing.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return value

Sources: https://github.com/VGraphRNN/VGRNN/issues/4, https://github.com/jongwook/onsets-and-frames/issues/24
"""

from __future__ import annotations

import bisect

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.traced import Event
from fallline.core.finding import Finding, Severity

RULE = Rule("FL505", "clipping", Severity.error, ("loop", "divergence", "exception"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where no clipping ever comes between a backward pass and the step that uses it."""
    clips = [event for event in evidence.trace.events if event.kind == "clip"]
    failure = evidence.failure
    alone = failure is not None and not evidence.trace.backwards and evidence.trace.events[-1:] == clips[-1:]
    if not clips or (len(evidence.trace.steps) < 2 and not alone) or any(_useful(evidence, clip) for clip in clips):
        return None
    after = clips[0].detail["steps"] > 0
    return RULE.finding(
        what=f"The gradients are clipped "
        f"{'after the step that uses them' if after else 'before backward() makes them'}.",
        why="The step follows the unclipped gradients: a few large ones can throw the weights far away.",
        mend="loss.backward()\nnn.utils.clip_grad_norm_(model.parameters(), 1.0)\noptimizer.step()",
        evidence={"clipped": len(clips), "in time": 0},
        where=clips[0].place,
        message=failure.message if failure is not None and alone else None,
    )


def _useful(evidence: Evidence, clip: Event) -> bool:
    """Whether a backward pass came since the last step, and a step after."""
    done = [step.after for step in evidence.trace.steps]
    before = done[clip.detail["steps"] - 1] if clip.detail["steps"] else 0
    return (clip.detail["backwards"] > before and bisect.bisect_left(done, clip.detail["backwards"]) < len(done)) or (
        clip.detail["backwards"] > before and clip.detail["steps"] == len(done)
    )
