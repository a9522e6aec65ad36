"""Tagger of one sentence at a time: a legitimate set-up.

The sequence tutorial's tagger: a sentence is a batch of one, (time, 1, features), with a tag
per word.

Sources:
  https://docs.pytorch.org/tutorials/beginner/nlp/sequence_models_tutorial.html
"""

import torch
from torch import nn

CASE = {
    "id": "tagger_of_one_sentence_at_a_time",
    "family": "layout",
    "note": ("The sequence tutorial's tagger: a sentence is a batch of one, (time, 1, features), with a tag per word."),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/tutorials/beginner/nlp/sequence_models_tutorial.html"],
}


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.lstm, self.tags = nn.Embedding(9, 6), nn.LSTM(6, 6), nn.Linear(6, 3)

    def forward(self, sentence):
        output, _ = self.lstm(self.words(sentence).view(len(sentence), 1, -1))
        return nn.functional.log_softmax(self.tags(output.view(len(sentence), -1)), dim=1)


def build(seed=0):
    torch.manual_seed(seed)
    x, y = torch.arange(5), torch.tensor([0, 1, 2, 0, 1])
    model = Tagger()
    return {
        "model": model,
        "loss_fn": nn.NLLLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "batch": (x, y),
        "train_step": None,
    }
