"""Ctc on raw scores.

What is wrong: CTCLoss gets the raw scores of the last layer; it needs log-probabilities. Adding a
constant to all scores lowers the loss, so that it has no lower bound.

Symptom on torch 2.13: no exception and no warning.

Repair: Give CTCLoss scores.log_softmax(-1).

Sources:
  https://github.com/gwx314/STARS/issues/9
  https://github.com/SeanNaren/deepspeech.pytorch/issues/488
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "ctc_on_raw_scores",
    "family": "rare_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "CTCLoss gets the raw scores of the last layer; it needs log-probabilities. Adding a "
            "constant to all scores lowers the loss, so that it has no lower bound."
        ),
        "fix": "Give CTCLoss scores.log_softmax(-1).",
    },
    "source": [
        "https://github.com/gwx314/STARS/issues/9",
        "https://github.com/SeanNaren/deepspeech.pytorch/issues/488",
    ],
    "evidence": {
        "kind": "custom",
    },
}


class Speech(nn.Module):
    def __init__(self, normalised):
        super().__init__()
        self.normalised = normalised
        self.rnn, self.out = nn.GRU(6, 24, batch_first=True), nn.Linear(24, 5)

    def forward(self, frames):
        scores = self.out(self.rnn(frames)[0]).transpose(0, 1)  # (frame, sample, symbol)
        return scores.log_softmax(-1) if self.normalised else scores


def make(seed, mended):
    torch.manual_seed(seed)
    words = torch.randint(1, 5, (16, 3))
    frames = F.one_hot(words.repeat_interleave(4, dim=1), 6) + 0.3 * torch.randn(16, 12, 6)
    ctc, lengths = nn.CTCLoss(blank=0), (torch.full((16,), 12), torch.full((16,), 3))
    model = Speech(normalised=mended)
    return {
        "model": model,
        "loss_fn": lambda scores, target: ctc(scores, target, *lengths),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (frames, words),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    """A shift of all scores by one, under which the true loss is the same, changes the loss by the number of frames."""
    shifts = []
    for setup in (build(), fixed()):
        model, (frames, words) = setup["model"], setup["batch"]
        with torch.no_grad():
            before = setup["loss_fn"](model(frames), words)
            model.out.bias += 10
            shifts.append((setup["loss_fn"](model(frames), words) - before).item())
    return shifts[0] < -10 and abs(shifts[1]) < 1e-3, f"the loss changes by {shifts[0]} (mended {shifts[1]})"
