"""Ctc speech recogniser: a legitimate set-up.

CTC: log-probabilities (frame, sample, symbol), so dim 0 of the output is time; targets are padded
and shorter than the frames, blank is 0.

Sources:
  https://github.com/SeanNaren/deepspeech.pytorch/issues/488
  https://github.com/gwx314/STARS/issues/9
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "ctc_speech_recogniser",
    "family": "loss",
    "note": (
        "CTC: log-probabilities (frame, sample, symbol), so dim 0 of the output is time; targets "
        "are padded and shorter than the frames, blank is 0."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/SeanNaren/deepspeech.pytorch/issues/488",
        "https://github.com/gwx314/STARS/issues/9",
    ],
}


class Recogniser(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(6, 24, 3, padding=1)
        self.rnn, self.out = nn.GRU(24, 24, bidirectional=True), nn.Linear(48, 6)

    def forward(self, frames):
        hidden = torch.relu(self.conv(frames.transpose(1, 2))).permute(2, 0, 1)
        return self.out(self.rnn(hidden)[0]).log_softmax(-1)


def build(seed=0):
    torch.manual_seed(seed)
    lengths = torch.randint(2, 5, (20,))
    words = torch.randint(1, 6, (20, 4)) * (torch.arange(4) < lengths.unsqueeze(1))
    frames = F.one_hot(words.repeat_interleave(5, dim=1), 6).float() + 0.2 * torch.randn(20, 20, 6)
    ctc, frame_counts = nn.CTCLoss(blank=0, zero_infinity=True), torch.full((20,), 20)
    model = Recogniser()
    return {
        "model": model,
        "loss_fn": lambda scores, target: ctc(scores, target, frame_counts, lengths),
        "optimizer": torch.optim.Adam(model.parameters(), lr=5e-3),
        "batch": (frames, words),
    }
