"""Spectra compared on a log scale: a legitimate set-up.

The loss compares clamped log-spectra by torch.stft, with complex numbers on the way.

Sources:
  https://arxiv.org/abs/1910.11480
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "spectra_compared_on_a_log_scale",
    "family": "loss",
    "note": "The loss compares clamped log-spectra by torch.stft, with complex numbers on the way.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1910.11480"],
    "fall": 0.05,
}


def build(seed=0):
    torch.manual_seed(seed)
    model = nn.Conv1d(1, 1, 9, padding=4)
    whole = torch.sin(torch.linspace(0, 60, 256)).expand(4, 1, 256)
    x = whole + 0.3 * torch.randn(4, 1, 256)
    window = torch.hann_window(64)

    def spectrum(signal):
        return torch.stft(signal.squeeze(1), 64, 16, window=window, return_complex=True).abs().clamp(min=1e-5).log()

    def loss(out, whole):
        return F.l1_loss(spectrum(out), spectrum(whole))

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, whole),
        "train_step": None,
    }
