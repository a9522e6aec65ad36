"""Head started from pretrained weights: a legitimate set-up.

The state of the network, updated with what fits of another one's, is loaded back: some of its tensors are the
network's own.

Sources:
  https://discuss.pytorch.org/t/how-to-load-part-of-pre-trained-model/1113
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "head_started_from_pretrained_weights",
    "family": "optim_params",
    "note": (
        "The state of the network, updated with what fits of another one's, is loaded back: some of its tensors are "
        "the network's own."
    ),
    "hint_ok": False,
    "source": [
        "https://discuss.pytorch.org/t/how-to-load-part-of-pre-trained-model/1113",
    ],
}


def network(outputs):
    return nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model, pretrained = network(3), network(10)
    loaded = []

    def train_step(model, loss_fn, optimizer, batch):
        if not loaded:
            state = model.state_dict()
            fits = {name: value for name, value in pretrained.state_dict().items() if value.shape == state[name].shape}
            state.update(fits)
            model.load_state_dict(state)
            loaded.append(True)
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, labels),
        "train_step": train_step,
    }
