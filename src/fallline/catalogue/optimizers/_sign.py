"""Steps along the gradient's sign, whatever its size: rprop, lion."""

from __future__ import annotations

from fallline.catalogue.card import Option
from fallline.catalogue.optimizers._shared import BETA1, BETA2, DECOUPLED_DECAY, card, with_default
from fallline.catalogue.optimizers.entry import Optimizer
from fallline.core.recipe import Options

__all__ = ["SIGN"]


def _rprop_contradiction(options: Options) -> str | None:
    shortest, longest = options["step_size_min"], options["step_size_max"]
    if shortest > longest:  # pyright: ignore[reportOperatorIssue]: both hold numbers
        return (
            f"the shortest step, step_size_min = {shortest}, is longer than the longest, step_size_max = {longest}: "
            "exchange --step-size-min and --step-size-max"
        )
    return None


SIGN: tuple[Optimizer, ...] = (
    Optimizer(
        card(
            "rprop",
            "torch.optim.Rprop",
            summary="Each coordinate keeps a step of its own, which grows while the gradient's sign holds.",
            formula=r"\delta \leftarrow \operatorname{clip}\left(\delta \cdot \begin{cases}"
            r" \eta_+ & g\, g' > 0 \\ \eta_- & g\, g' < 0 \\ 1 & \text{else} \end{cases},\,"
            r" \delta_{\min},\, \delta_{\max}\right),\; g \leftarrow 0 \;\text{where}\; g\, g' < 0,\;"
            r"\theta \leftarrow \theta - \delta \operatorname{sign}(g),\; g' \leftarrow g",
            ranges="the learning rate is each coordinate's first step; later ones lie between the two step sizes",
            when="Small tables at full batch (all rows in one batch), where it is fast and hardly needs tuning.",
            pitfalls=(
                "On small batches the sign flips with the batch, not with the hill, and steps shrink to nothing: "
                "give it the full batch.",
                "The learning rate counts on the first step only: schedules and warm-up do nothing after it.",
                "Dropout makes the sign noisy as small batches do.",
            ),
            source="Riedmiller and Braun (1993); torch's, without backtracking: Igel and Hüsken (2000)",
            options=(
                Option(
                    name="eta_minus",
                    default=0.5,
                    low=0,
                    high=1,
                    open_low=True,
                    open_high=True,
                    meaning="a step shrinks by this factor where the sign flips",
                ),
                Option(
                    name="eta_plus",
                    default=1.2,
                    low=1,
                    open_low=True,
                    meaning="a step grows by this factor where the sign holds",
                ),
                Option(name="step_size_min", default=1e-6, low=0, open_low=True, meaning="the shortest step"),
                Option(name="step_size_max", default=50.0, low=0, open_low=True, meaning="the longest step"),
            ),
        ),
        rates=(1e-5, 1e-1),
        contradiction=_rprop_contradiction,
    ),
    Optimizer(
        card(
            "lion",
            "",
            summary="Every coordinate moves by exactly the learning rate, along the sign of a mean of gradients.",
            formula=r"c = \beta_1 m + (1-\beta_1) g,\;"
            r"\theta \leftarrow \theta - \eta(\operatorname{sign}(c) + \lambda\theta),\;"
            r"m \leftarrow \beta_2 m + (1-\beta_2) g",
            ranges="a step's size in a coordinate is the learning rate, whatever the gradient",
            when="Large batches and large networks, at two thirds of Adam's memory; with a schedule that ends near 0.",
            pitfalls=(
                "Take a third to a tenth of Adam's learning rate, and 3 to 10 times its weight decay.",
                "It never slows down by itself: at a constant rate it ends jittering by that rate.",
                "On small, noisy batches the sign is mostly noise.",
                "Clipping changes little: the step's size does not depend on the gradient's.",
            ),
            source="Chen et al. (2023), algorithm 2",
            options=(
                with_default(BETA1, 0.9, "memory of the mean whose sign is the step"),
                with_default(BETA2, 0.99, "memory of the mean gradient that is kept"),
                with_default(DECOUPLED_DECAY, 0.0),
            ),
        ),
        rates=(1e-5, 3e-3),
    ),
)
