"""Networks that can be imported, for the tests of networks of one's own."""

from torch import nn


def small(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 3), nn.Tanh(), nn.Linear(3, outputs))


def linear(inputs: int, outputs: int) -> nn.Module:
    return nn.Linear(inputs, outputs)


class Deep(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 3), nn.ReLU(), nn.Linear(3, outputs))

    def forward(self, x):
        return self.layers(x)
