"""A model that predicts the next token sees it.

Where the target at a position is the input at the next one, the output at a position must not depend on later inputs.
Without a causal mask, or with a recurrence in both directions, it does: the loss falls to nothing, and the model is of
no use when the next token is not there yet.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.rnn = nn.Embedding(9, 8), nn.GRU(8, 8, batch_first=True, bidirectional=True)
            self.head = nn.Linear(16, 9)

        def forward(self, ids):
            return self.head(self.rnn(self.embedding(ids))[0]).transpose(1, 2)

    model = Net()
    loss = nn.CrossEntropyLoss()
    text = torch.randint(0, 9, (8, 7))
    x, y = text[:, :-1], text[:, 1:]

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.rnn = nn.Embedding(9, 8), nn.GRU(8, 8, batch_first=True)
            self.head = nn.Linear(8, 9)

        def forward(self, ids):
            return self.head(self.rnn(self.embedding(ids))[0]).transpose(1, 2)

    model = Net()
    loss = nn.CrossEntropyLoss()
    text = torch.randint(0, 9, (8, 7))
    x, y = text[:, :-1], text[:, 1:]

Sources: https://github.com/pytorch/tutorials/issues/2478
"""

from __future__ import annotations

import torch
from torch import Tensor

from fallline.checks.evidence import Evidence
from fallline.checks.recorder import tensors_in
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import losses
from fallline.checks.setup import called, parts
from fallline.core.finding import Finding, Severity

RULE = Rule("FL318", "future", Severity.error, ("future",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where targets are the inputs one place on, and a change of the last input changes an earlier output."""
    setup = evidence.setup
    if setup is None or setup.train_step is not None or evidence.failure is not None:
        return None
    if next(losses(evidence, "cross_entropy", "nll_loss"), None) is None:
        return None
    inputs, targets = parts(setup.batches[0])
    if not isinstance(inputs, Tensor) or not isinstance(targets, Tensor) or inputs.is_floating_point():
        return None
    length = inputs.shape[1] if inputs.dim() == 2 and inputs.shape == targets.shape else 0
    if length < 3 or not torch.equal(inputs[:, 1:], targets[:, :-1]) or bool((inputs == inputs[:, :1]).all()):
        return None
    changed = inputs.clone()
    changed[:, -1] = torch.where(inputs[:, -1] == inputs.max(), inputs.min(), inputs[:, -1] + 1)
    first, second = _outputs(evidence, inputs), _outputs(evidence, changed)
    if first is None or second is None:
        return None
    axis = next((a for a in (1, 2) if first.dim() == 3 and first.shape[a] == length), None)
    if axis is None or first.shape[1] == first.shape[2]:
        return None
    moved = (first - second).abs().narrow(axis, 0, length - 1).amax()
    if not float(moved) > 1e-4 * float(first.abs().amax()):
        return None
    change = f"{float(moved):.2g}"
    return RULE.finding(
        what=f"The targets are the inputs one place on, and earlier outputs change by {change} with the last one.",
        why="Each place sees its own answer: the loss falls to nothing and the model has learned to copy.",
        mend="mask = nn.Transformer.generate_square_subsequent_mask(length)\n"
        "hidden = layer(hidden, src_mask=mask, is_causal=True)    # a GRU or LSTM: not bidirectional",
        evidence={"change": float(moved), "length": length},
    )


def _outputs(evidence: Evidence, inputs: Tensor) -> Tensor | None:
    """The network's outputs in evaluation mode, with everything put back."""
    setup, keeper = evidence.setup, evidence.keeper
    if setup is None or keeper is None:
        return None
    keeper.restore()
    try:
        with torch.no_grad():
            return next(tensors_in(called(setup.model.eval(), inputs)), None)
    finally:
        keeper.restore()
