"""A layer is made anew at every forward.

A layer created inside `forward` has fresh random weights each time: they are never trained, and the output changes from
call to call. Layers are made once, in `__init__`.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 8)

        def forward(self, x):
            return nn.Linear(8, 1)(torch.relu(self.a(x)))

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 8), nn.Linear(8, 1)

        def forward(self, x):
            return nn.Sequential(self.a, nn.ReLU(), self.b)(x)

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/gupta-abhay/setr-pytorch/issues/4
"""

from __future__ import annotations

import collections

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import describe
from fallline.core.finding import Finding, Severity

RULE = Rule("FL704", "layer-in-forward", Severity.error, ("ownership", "random"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where one line of a forward calls a different module with parameters at each step."""
    if not evidence.complete and evidence.setup is None:
        return None
    taken = [each for operation in evidence.trace.named("grad") for each in operation.inputs]
    if any(each.leaf and each.needs_grad and each.label is None for each in taken):
        return None  # a copy is made to take gradients by
    known = {id(module) for _, module in evidence.modules}
    owned = {id(p) for optimizer in evidence.optimizers for group in optimizer.param_groups for p in group["params"]}
    seen: dict[object, set[int]] = {}
    steps = collections.defaultdict(set)
    for call in evidence.trace.calls:
        steps[id(call.module)].add(call.step)
    for call in evidence.trace.calls:
        own = list(call.module.parameters(recurse=False))
        if not call.depth or id(call.module) in known or not own or any(id(p) in owned for p in own):
            continue
        if not call.grad or not any(p.requires_grad for p in own) or len(steps[id(call.module)]) > 1:
            continue
        at = seen.setdefault((call.place, call.kind), set())
        at.add(id(call.module))
        if len(at) > 1:
            return RULE.finding(
                what=f"{describe(call.module, None)} is created inside forward: another one at each call.",
                why="Its weights are drawn anew each time and never trained; the output changes from call to call.",
                mend=f"self.layer = nn.{describe(call.module, None)}    # in __init__; call self.layer in forward",
                evidence={"layers made": len(at)},
                where=call.place,
            )
    return None
