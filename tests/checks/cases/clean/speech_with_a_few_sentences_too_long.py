"""Speech with a few sentences too long: a legitimate set-up.

A target that is longer than its outputs has no alignment; zero_infinity leaves it out.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
"""

import torch
from torch import nn

CASE = {
    "id": "speech_with_a_few_sentences_too_long",
    "family": "targets",
    "note": "A target that is longer than its outputs has no alignment; zero_infinity leaves it out.",
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x, y = torch.randn(6, 3, 4), torch.randint(1, 6, (3, 8))
    given, wanted = torch.full((3,), 6), torch.tensor([8, 3, 2])
    model = nn.LSTM(4, 6)
    ctc = nn.CTCLoss(zero_infinity=True)

    return {
        "model": model,
        "loss_fn": lambda output, target: ctc(output[0].log_softmax(-1), target, given, wanted),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.05),
        "batch": (x, y),
        "train_step": None,
    }
