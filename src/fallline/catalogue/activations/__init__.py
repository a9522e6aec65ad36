"""The activations, and the ones of torch that are left out."""

from fallline.catalogue.activations._card import Activation
from fallline.catalogue.activations.smooth import SMOOTH
from fallline.catalogue.activations.squashing import SQUASHING
from fallline.catalogue.activations.straight import STRAIGHT

__all__ = ["ACTIVATIONS", "LEFT_OUT", "Activation"]

ACTIVATIONS: tuple[Activation, ...] = (*STRAIGHT, *SMOOTH, *SQUASHING)

_MIXES = "it mixes the units of a row, so it is no function of one number"
LEFT_OUT = {
    "RReLU": "its slopes are drawn anew at each training step, and no seed here stands for them; leaky_relu with a "
    "slope of 0.23 is what it is when it predicts",
    "GLU": "it gates one half of the units with the other, so a layer would lose half its width",
    "MultiheadAttention": "it has weights of its own and looks at several positions of a sequence",
    "Softmin": _MIXES,
    "Softmax": f"{_MIXES}; losses that want class probabilities have it inside",
    "Softmax2d": f"{_MIXES}, and it is for images",
    "LogSoftmax": f"{_MIXES}; losses that take log-probabilities put it after the last layer themselves",
}
"""Classes of torch's activations that the catalogue leaves out, each with its reason."""
