"""The schedules: cards, and the rule that gives the learning rates of steps."""

from __future__ import annotations

from dataclasses import dataclass

from fallline.catalogue import _rules as rules
from fallline.catalogue.card import Card, Option

__all__ = ["SCHEDULES", "Schedule"]


@dataclass(frozen=True)
class Schedule:
    """A schedule of the catalogue.

    Args:
        card: Its card.
        rates: ``rates(base, clock, options)``: the learning rates of the clock's steps, ``base`` being the recipe's.
        needs_losses: Whether it looks at the validation losses so far, and then at nothing else.
        each_step: Whether the rate may change within an epoch.
    """

    card: Card
    rates: rules.Rates
    needs_losses: bool = False
    each_step: bool = False


def _card(
    name: str,
    torch: str,
    *,
    summary: str,
    formula: str,
    ranges: str,
    when: str,
    pitfalls: tuple[str, ...],
    source: str,
    options: tuple[Option, ...] = (),
) -> Card:
    return Card(
        kind="schedule",
        name=name,
        torch=f"torch.optim.lr_scheduler.{torch}" if torch else "",
        summary=summary,
        formula=formula,
        shapes="one number per optimizer step",
        dtypes="Python float, whatever the dtype of the network",
        ranges=ranges,
        when=when,
        pitfalls=pitfalls,
        source=source,
        options=options,
    )


def _gamma(default: float, meaning: str) -> Option:
    return Option(name="gamma", default=default, low=0, open_low=True, high=1, meaning=meaning)


_ETA_MIN = Option(name="eta_min", default=0.0, low=0, meaning="the learning rate that it falls to")

_CONSTANT = _card(
    "constant",
    "",
    summary="The same learning rate at every step.",
    formula=r"\eta_t = \eta",
    ranges="the learning rate",
    when="First tries, comparisons of learning rates, and wherever early stopping ends training anyway.",
    pitfalls=(
        "The noise of the batches keeps the loss above its minimum, by an amount that grows with the rate: a "
        "schedule that ends low often gains more than a better optimizer does.",
        "Torch's ConstantLR is something else: it multiplies the rate by a factor for the first few epochs only.",
    ),
    source="Robbins and Monro (1951), for why it should fall in the end",
)
_STEP = _card(
    "step",
    "StepLR",
    summary="A staircase: the learning rate is multiplied by gamma every step_size epochs.",
    formula=r"\eta_t = \eta\,\gamma^{\lfloor e / s \rfloor}, \quad e \text{ the epoch},\ s \text{ step\_size}",
    ranges="from the learning rate down towards 0",
    when="To repeat published results that used it, such as ImageNet's tenth every 30 epochs.",
    pitfalls=(
        "With fewer epochs than step_size nothing ever happens: it is constant under another name.",
        "step_size counts epochs. A script that steps torch's StepLR after each batch divides the rate by ten every "
        "30 batches instead, and training stands still within the first epoch.",
        "The loss drops at each stair because the noise does; that is no proof that the stair came at the right time.",
    ),
    source="He et al. (2016), section 3.4, where a hand did it; every 30 epochs in torch's ImageNet example",
    options=(
        Option(name="step_size", default=30, holds="whole", low=1, meaning="epochs between two stairs"),
        _gamma(0.1, "what the rate is multiplied by at a stair"),
    ),
)
_MULTI_STEP = _card(
    "multi_step",
    "MultiStepLR",
    summary="A staircase with stairs where you say: the learning rate is multiplied by gamma at each milestone.",
    formula=r"\eta_t = \eta\,\gamma^{\#\{m \in \text{milestones} : m \le e\}}, \quad e \text{ the epoch}",
    ranges="from the learning rate down towards 0",
    when="When it is known where the loss flattens: look at a constant run first, and put the milestones there.",
    pitfalls=(
        "Milestones are epochs, counted from 0 and from the end of the warm-up. One at or past the last epoch never "
        "comes, and nothing says so: when you shorten a run, move its milestones too.",
        "One that is given twice counts twice, as in torch.",
    ),
    source="He et al. (2016), section 4.2",
    options=(
        Option(name="milestones", default=(30.0, 80.0), holds="numbers", low=1, meaning="epochs at which it falls"),
        _gamma(0.1, "what the rate is multiplied by at a milestone"),
    ),
)
_EXPONENTIAL = _card(
    "exponential",
    "ExponentialLR",
    summary="The learning rate is multiplied by gamma after every epoch.",
    formula=r"\eta_t = \eta\,\gamma^{e}, \quad e \text{ the epoch}",
    ranges="from the learning rate down towards 0",
    when="A smooth fall where the number of epochs is not known beforehand.",
    pitfalls=(
        "gamma is a power of the number of epochs: 0.95 leaves 60 % after 10 epochs and 0.6 % after 100, 0.9 leaves "
        "0.003 % after 100. For a rate that ends at a share f after E epochs, take gamma = f^(1/E).",
        "Small tables need many epochs, so a gamma from a paper on images freezes training long before its end.",
    ),
    source="Senior et al. (2013), who compare it with others",
    options=(_gamma(0.95, "what the rate is multiplied by after each epoch"),),
)
_COSINE = _card(
    "cosine",
    "CosineAnnealingLR",
    summary="Half a cosine, from the learning rate at the first step down to eta_min after the last.",
    formula=r"\eta_t = \eta_{\min} + \tfrac12 (\eta - \eta_{\min})(1 + \cos(\pi t / T)), \quad T \text{ all steps}",
    ranges="between eta_min and the learning rate",
    when="When the number of epochs is known; usually with a short warm-up. A good first choice.",
    pitfalls=(
        "Early stopping before the end never sees the low rates, where most of the gain is: give it patience.",
        "In a script, T_max counts calls of step(): set in epochs and stepped per batch, the rate climbs up again "
        "and down again many times. Here T is always the number of steps, and there is nothing to set.",
        "A run of 50 epochs is not the first half of a run of 100: to go on for longer, start again.",
    ),
    source="Loshchilov and Hutter (2017), eq. 5, without its restarts",
    options=(_ETA_MIN,),
)
_COSINE_RESTARTS = _card(
    "cosine_restarts",
    "CosineAnnealingWarmRestarts",
    summary="Half a cosine again and again, each T_mult times as long as the one before.",
    formula=r"\eta_t = \eta_{\min} + \tfrac12 (\eta - \eta_{\min})(1 + \cos(\pi t_i / T_i)), \quad T_{i+1} = m\,T_i",
    ranges="between eta_min and the learning rate",
    when="When training may have to be stopped at the end of any cycle, or to collect one model from each.",
    pitfalls=(
        "Unless the last cycle ends with the training, training ends at a high rate: choose epochs = T_0 (1 + T_mult "
        "+ T_mult^2 + ...), or rely on the best epoch being kept.",
        "The loss jumps at every restart, and early stopping takes that for the end: give it the patience of a cycle.",
        "T_0 counts epochs, and the rate falls from step to step within them, as in the paper; torch's class stepped "
        "once per epoch gives stairs instead.",
    ),
    source="Loshchilov and Hutter (2017), eq. 5",
    options=(
        Option(name="T_0", default=10, holds="whole", low=1, flag="t-0", meaning="epochs of the first cycle"),
        Option(
            name="T_mult",
            default=1,
            holds="whole",
            low=1,
            flag="t-mult",
            meaning="length m of a cycle over that of the one before",
        ),
        _ETA_MIN,
    ),
)
_ONE_CYCLE = _card(
    "one_cycle",
    "OneCycleLR",
    summary="Up from a small learning rate to the recipe's, and down again to almost nothing.",
    formula=r"\tfrac{\eta}{d} \nearrow \eta \searrow \tfrac{\eta}{d f}",
    ranges="between learning_rate / (div_factor final_div_factor) and the learning rate, which is the maximum",
    when="To train fast at a rate several times as high as a constant one could be.",
    pitfalls=(
        "The recipe's learning rate is the maximum here: one that was tuned for a constant schedule is too low.",
        "Momentum is never cycled, as the optimizers' options stay what the recipe says (cycle_momentum=False).",
        "It has a warm-up of its own: leave --warmup at 0, or the rate rises, drops 25-fold and rises again.",
        "three_phase wants pct_start at most 0.5, or the last phase never comes.",
        "A run of a single step takes it at the lowest rate. Where pct_start times the steps is 1, torch divides by "
        "zero; here the first step is at the maximum.",
    ),
    source="Smith and Topin (2018); two phases and the cosine are fastai's",
    options=(
        Option(name="pct_start", default=0.3, low=0, high=1, meaning="share of the steps spent rising"),
        Option(name="div_factor", default=25.0, low=1, meaning="d, the maximum over the first rate"),
        Option(name="final_div_factor", default=1e4, low=1, meaning="f, the first rate over the last"),
        Option(
            name="anneal_strategy",
            default="cos",
            holds="choice",
            choices=("cos", "linear"),
            meaning="how it rises and falls",
        ),
        Option(
            name="three_phase",
            default=False,
            holds="switch",
            meaning="fall to the first rate as slowly as it rose, then to the last",
        ),
    ),
)
_POLYNOMIAL = _card(
    "polynomial",
    "PolynomialLR",
    summary="The learning rate falls to 0 as a power of the share of steps that are left.",
    formula=r"\eta_t = \eta\,(1 - t / T)^p, \quad T \text{ all steps},\ p \text{ power}",
    ranges="from the learning rate down to 0",
    when="A straight line down to 0 (power 1) is a plain choice that is hard to beat; 0.9 is usual in segmentation.",
    pitfalls=(
        "A power above 1 spends most steps at low rates, one below 1 falls off a cliff at the end.",
        "It reaches 0 only after the last step: early stopping before the end never sees the low rates.",
    ),
    source="Liu, Rabinovich and Berg (2015); Chen et al. (2018), for 0.9; Defazio et al. (2023), for the straight line",
    options=(Option(name="power", default=1.0, low=0, open_low=True, meaning="the power p"),),
)
_REDUCE_ON_PLATEAU = _card(
    "reduce_on_plateau",
    "ReduceLROnPlateau",
    summary="The learning rate is cut whenever the validation loss has not improved for a while.",
    formula=r"\eta \leftarrow \max(f \eta, \eta_{\min}) \text{ after } p + 1 \text{ epochs of } L \ge (1 - \theta) L^*",
    ranges="between min_lr and the learning rate",
    when="When it is not known how long training takes, and validation is not too noisy.",
    pitfalls=(
        "Its patience must be shorter than early stopping's, or the run ends before the first cut.",
        "A negative loss (gaussian_nll, and poisson_nll often) breaks the relative threshold: a flat loss counts "
        "as better every epoch, and nothing is ever cut (pytorch issue 47513). Use --plateau-threshold-mode abs.",
        "A small validation set makes best epochs by luck, after which everything looks like a plateau.",
        "Patience counts the epochs to ignore: the cut comes after patience + 1 bad ones. Cuts of less than 1e-8 are "
        "left out. Both as in torch.",
        "Epochs that end within the warm-up are not looked at.",
    ),
    source="Senior et al. (2013), who call it performance scheduling; the rule is torch's",
    options=(
        Option(
            name="factor",
            default=0.1,
            low=0,
            open_low=True,
            high=1,
            open_high=True,
            flag="plateau-factor",
            meaning="what the rate is multiplied by at a cut",
        ),
        Option(
            name="patience",
            default=10,
            holds="whole",
            low=0,
            flag="plateau-patience",
            meaning="epochs without a better loss that are still put up with",
        ),
        Option(
            name="threshold",
            default=1e-4,
            low=0,
            flag="plateau-threshold",
            meaning="how much lower a better loss must be",
        ),
        Option(
            name="threshold_mode",
            default="rel",
            holds="choice",
            choices=("rel", "abs"),
            flag="plateau-threshold-mode",
            meaning="whether the threshold is a share of the best loss or in its unit",
        ),
        Option(
            name="cooldown",
            default=0,
            holds="whole",
            low=0,
            flag="plateau-cooldown",
            meaning="epochs after a cut in which bad ones do not count",
        ),
        Option(name="min_lr", default=0.0, low=0, meaning="no cut goes below this rate"),
    ),
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule(_CONSTANT, rules.constant),
    Schedule(_STEP, rules.step),
    Schedule(_MULTI_STEP, rules.multi_step),
    Schedule(_EXPONENTIAL, rules.exponential),
    Schedule(_COSINE, rules.cosine, each_step=True),
    Schedule(_COSINE_RESTARTS, rules.cosine_restarts, each_step=True),
    Schedule(_ONE_CYCLE, rules.one_cycle, each_step=True),
    Schedule(_POLYNOMIAL, rules.polynomial, each_step=True),
    Schedule(_REDUCE_ON_PLATEAU, rules.reduce_on_plateau, needs_losses=True),
)
