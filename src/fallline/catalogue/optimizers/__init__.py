"""The optimizers: every class of `torch.optim` that takes dense gradients, Lion, and any other by its import path."""

from __future__ import annotations

from fallline.catalogue.optimizers._adam import ADAM_FAMILY
from fallline.catalogue.optimizers._coupled import COUPLED
from fallline.catalogue.optimizers._descent import DESCENT
from fallline.catalogue.optimizers._scaled import SCALED
from fallline.catalogue.optimizers._sign import SIGN
from fallline.catalogue.optimizers.entry import Optimizer
from fallline.catalogue.optimizers.foreign import foreign

__all__ = ["LEFT_OUT", "OPTIMIZERS", "Optimizer", "foreign"]

OPTIMIZERS: tuple[Optimizer, ...] = (*DESCENT, *ADAM_FAMILY, *SCALED, *SIGN, *COUPLED)

LEFT_OUT: dict[str, str] = {
    "SparseAdam": "it takes sparse gradients only, which embeddings can give; here every gradient is dense: use adam",
}
"""Class of `torch.optim` → why it is no optimizer of the catalogue."""
