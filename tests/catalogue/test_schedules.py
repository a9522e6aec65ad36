"""Every schedule's rates against torch's own class, stepped the way a user would step it."""

import math
import warnings
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from fallline.catalogue.rates import Clock, rate_at, rates_at, warmup_factor
from fallline.catalogue.schedules import SCHEDULES
from fallline.core.recipe import Recipe

SCHEDULE = {schedule.card.name: schedule for schedule in SCHEDULES}
NAMES = list(SCHEDULE)
BASE, EPOCHS, EPOCH_STEPS = 0.3, 12, 5
STEPS = EPOCHS * EPOCH_STEPS

EXACT = 0.0
"""Torch computes it in closed form, by the same expression."""
DRIFTS = 1e-12
"""Relative to the base: torch multiplies the last rate by a ratio, one rounding per step."""

# Falls, stands, falls, rises: enough for cuts, cooldowns and recoveries.
LOSSES = (1.0, 0.9, 0.95, 0.93, 0.91, 0.6, 0.6, 0.61, 0.62, 0.59995, 0.59, 0.7)

CASES = [
    ("constant", {}),
    ("step", {}),
    ("step", {"step_size": 1, "gamma": 0.5}),
    ("step", {"step_size": 5, "gamma": 0.3}),
    ("multi_step", {}),
    ("multi_step", {"milestones": (2.0, 3.0, 9.0), "gamma": 0.5}),
    ("multi_step", {"milestones": (4.0, 4.0)}),
    ("exponential", {}),
    ("exponential", {"gamma": 0.5}),
    ("cosine", {}),
    ("cosine", {"eta_min": 0.01}),
    ("cosine_restarts", {}),
    ("cosine_restarts", {"T_0": 1}),
    ("cosine_restarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.02}),
    ("one_cycle", {}),
    ("one_cycle", {"anneal_strategy": "linear", "pct_start": 0.41, "div_factor": 3.0, "final_div_factor": 7.0}),
    ("one_cycle", {"three_phase": True}),
    ("one_cycle", {"three_phase": True, "anneal_strategy": "linear", "pct_start": 0.9}),
    ("one_cycle", {"pct_start": 0.0}),
    ("one_cycle", {"pct_start": 1.0}),
    ("polynomial", {}),
    ("polynomial", {"power": 2.5}),
    ("polynomial", {"power": 0.5}),
    ("reduce_on_plateau", {}),
    ("reduce_on_plateau", {"patience": 0, "factor": 0.5}),
    ("reduce_on_plateau", {"patience": 1, "factor": 0.5, "cooldown": 2}),
    ("reduce_on_plateau", {"patience": 0, "factor": 0.5, "threshold": 0.2}),
    ("reduce_on_plateau", {"patience": 0, "factor": 0.5, "threshold": 0.05, "threshold_mode": "abs"}),
    ("reduce_on_plateau", {"patience": 0, "min_lr": 0.02}),
    ("reduce_on_plateau", {"patience": 0, "min_lr": 1.0}),
    ("reduce_on_plateau", {"patience": 0, "factor": 0.001}),
]
TOLERANCE = {"constant": EXACT, "cosine_restarts": EXACT, "one_cycle": EXACT, "reduce_on_plateau": EXACT}

Scheduler = lr_scheduler.LRScheduler | lr_scheduler.ReduceLROnPlateau
Build = Callable[[torch.optim.Optimizer], Scheduler]


def recipe(name: str, options: dict, *, warmup: float = 0.0, base: float = BASE, epochs: int = EPOCHS) -> Recipe:
    complete = SCHEDULE[name].card.complete(options)
    return Recipe(learning_rate=base, schedule=name, schedule_options=complete, epochs=epochs, warmup=warmup)


def rates_of(a_recipe: Recipe, *, epoch_steps: int = EPOCH_STEPS, losses=LOSSES) -> list[float]:
    """Our rates, asked for as the training loop asks."""
    rate = rate_at(a_recipe, epoch_steps=epoch_steps)
    steps = a_recipe.epochs * epoch_steps
    return [rate(step, list(losses[: step // epoch_steps])) for step in range(steps)]


def by_torch(name: str, options: dict, *, steps: int, epoch_steps: int) -> Build:
    """How a user writes the schedule with torch's class, to be stepped after every batch (plateau: every epoch)."""
    of = SCHEDULE[name].card.complete(options)
    return {
        "constant": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda step: 1.0),
        "step": lambda optimizer: lr_scheduler.StepLR(optimizer, of["step_size"] * epoch_steps, of["gamma"]),
        "multi_step": lambda optimizer: lr_scheduler.MultiStepLR(
            optimizer, [int(milestone) * epoch_steps for milestone in of["milestones"]], of["gamma"]
        ),
        "exponential": lambda optimizer: lr_scheduler.StepLR(optimizer, epoch_steps, of["gamma"]),
        "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, steps, of["eta_min"]),
        "cosine_restarts": lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer, of["T_0"] * epoch_steps, of["T_mult"], of["eta_min"]
        ),
        "one_cycle": lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer, max_lr=optimizer.param_groups[0]["lr"], total_steps=steps, cycle_momentum=False, **of
        ),
        "polynomial": lambda optimizer: lr_scheduler.PolynomialLR(optimizer, steps, of["power"]),
        "reduce_on_plateau": lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, **of),
    }[name]


def optimizer_at(base: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)


def stepped(build: Build, *, base: float, steps: int, epoch_steps: int, losses: tuple[float, ...]) -> list[float]:
    """Torch's rates: after each batch the scheduler is stepped, a plateau at each epoch's end with its loss."""
    optimizer = optimizer_at(base)
    scheduler = build(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for step in range(1, steps):
        optimizer.step()
        if not isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step()
        elif step % epoch_steps == 0:
            scheduler.step(losses[step // epoch_steps - 1])
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def assert_alike(name: str, ours: list[float], theirs: list[float], *, base: float = BASE) -> None:
    tolerance = TOLERANCE.get(name, DRIFTS)
    assert ours == (theirs if tolerance == EXACT else pytest.approx(theirs, rel=0, abs=tolerance * base))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_its_rates_are_those_of_torch(name: str, options: dict):
    build = by_torch(name, options, steps=STEPS, epoch_steps=EPOCH_STEPS)
    theirs = stepped(build, base=BASE, steps=STEPS, epoch_steps=EPOCH_STEPS, losses=LOSSES)
    assert_alike(name, rates_of(recipe(name, options)), theirs)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_after_a_warm_up_its_rates_are_those_of_torch_on_the_remaining_steps(name: str, options: dict):
    warmup, unseen = 10, 2  # two epochs
    rates = rates_of(recipe(name, options, warmup=warmup / STEPS))

    linear = lr_scheduler.LinearLR(optimizer := optimizer_at(BASE), 1 / (warmup + 1), total_iters=warmup)
    for step in range(warmup):
        assert rates[step] == pytest.approx(optimizer.param_groups[0]["lr"], rel=DRIFTS)
        optimizer.step()
        linear.step()

    build = by_torch(name, options, steps=STEPS - warmup, epoch_steps=EPOCH_STEPS)
    theirs = stepped(build, base=BASE, steps=STEPS - warmup, epoch_steps=EPOCH_STEPS, losses=LOSSES[unseen:])
    assert_alike(name, rates[warmup:], theirs)


CHAINED = [case for case in CASES if case[0] not in ("one_cycle", "reduce_on_plateau")]
"""OneCycleLR overwrites the rate that LinearLR starts from, and SequentialLR refuses a plateau."""


@pytest.mark.parametrize(("name", "options"), CHAINED)
def test_warm_up_and_schedule_are_torchs_sequential_of_the_two(name: str, options: dict):
    warmup = 10
    after = by_torch(name, options, steps=STEPS - warmup, epoch_steps=EPOCH_STEPS)

    def both(optimizer: torch.optim.Optimizer) -> Scheduler:
        rise = lr_scheduler.LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
        return lr_scheduler.SequentialLR(optimizer, [rise, after(optimizer)], milestones=[warmup])

    theirs = stepped(both, base=BASE, steps=STEPS, epoch_steps=EPOCH_STEPS, losses=())
    assert rates_of(recipe(name, options, warmup=warmup / STEPS)) == pytest.approx(theirs, rel=0, abs=DRIFTS * BASE)


@pytest.mark.parametrize(("name", "options"), [("step", {"step_size": 2}), ("exponential", {"gamma": 0.7})])
def test_stepping_torch_once_per_epoch_gives_the_same_stairs(name: str, options: dict):
    of = SCHEDULE[name].card.complete(options)
    torchs = getattr(lr_scheduler, SCHEDULE[name].card.aliases[1])
    theirs = stepped(lambda sgd: torchs(sgd, **of), base=BASE, steps=EPOCHS, epoch_steps=1, losses=())
    assert rates_of(recipe(name, options))[::EPOCH_STEPS] == pytest.approx(theirs, rel=DRIFTS)


@pytest.mark.parametrize("name", NAMES)
def test_every_schedule_is_compared_with_torch_at_its_defaults(name: str):
    assert (name, {}) in CASES


@pytest.mark.parametrize(("name", "options"), CASES)
def test_only_those_that_say_so_change_within_an_epoch(name: str, options: dict):
    rates = rates_of(recipe(name, options))
    epochs = [set(rates[start : start + EPOCH_STEPS]) for start in range(0, STEPS, EPOCH_STEPS)]
    assert any(len(epoch) > 1 for epoch in epochs) == SCHEDULE[name].each_step


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_base_scales_every_rate_where_no_other_rate_is_given(name: str, options: dict):
    if {"eta_min", "min_lr"} & options.keys():
        pytest.skip("it ends at a rate of its own")
    once, twice = rates_of(recipe(name, options)), rates_of(recipe(name, options, base=2 * BASE))
    assert twice == pytest.approx([2 * rate for rate in once], rel=1e-15)


@pytest.mark.parametrize("warmup", [0.0, 0.13, 0.3])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_run_taken_up_again_goes_on_with_the_same_rates(name: str, options: dict, warmup: float):
    a_recipe = recipe(name, options, warmup=warmup)
    whole = rates_of(a_recipe)
    for step in (0, 7, 23, STEPS - 1):
        assert rate_at(a_recipe, epoch_steps=EPOCH_STEPS)(step, LOSSES[: step // EPOCH_STEPS]) == whole[step]


@pytest.mark.parametrize("warmup", [0.0, 0.13, 0.3])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_many_steps_have_the_rates_that_each_has_alone(name: str, options: dict, warmup: float):
    a_recipe, losses = recipe(name, options, warmup=warmup), LOSSES[:3]
    rate, rates = (at(a_recipe, epoch_steps=EPOCH_STEPS) for at in (rate_at, rates_at))
    for steps in (range(STEPS), range(0, STEPS, EPOCH_STEPS), range(3 * EPOCH_STEPS, 3 * EPOCH_STEPS + 2)):
        assert rates(steps, losses) == [rate(step, losses) for step in steps]


def test_the_plateau_has_no_memory_but_the_losses_it_is_given():
    rate = rate_at(recipe("reduce_on_plateau", {"patience": 0}), epoch_steps=1)
    assert rate(2, [1.0, 2.0]) == pytest.approx(BASE / 10)
    assert rate(2, [1.0, 0.5]) == BASE
    assert rate(0, []) == BASE


def test_the_plateau_does_not_see_epochs_that_end_within_the_warm_up():
    rate = rate_at(recipe("reduce_on_plateau", {"patience": 0}, warmup=0.25, epochs=12), epoch_steps=1)
    assert rate(4, [1.0, 2.0, 3.0, 4.0]) == BASE
    assert rate(5, [1.0, 2.0, 3.0, 4.0, 4.0]) == pytest.approx(BASE / 10)


def test_a_flat_negative_loss_is_never_a_plateau_under_a_relative_threshold_as_in_torch():
    flat = (-1.0,) * EPOCHS
    for mode, cut in (("rel", False), ("abs", True)):
        options = {"patience": 0, "threshold_mode": mode}
        build = by_torch("reduce_on_plateau", options, steps=STEPS, epoch_steps=EPOCH_STEPS)
        theirs = stepped(build, base=BASE, steps=STEPS, epoch_steps=EPOCH_STEPS, losses=flat)
        assert rates_of(recipe("reduce_on_plateau", options), losses=flat) == theirs
        assert (theirs[-1] < BASE) == cut


@given(
    losses=st.lists(st.floats(-10, 10) | st.just(math.nan), min_size=1, max_size=30),
    patience=st.integers(0, 3),
    cooldown=st.integers(0, 3),
    threshold=st.sampled_from([0.0, 1e-4, 0.3]),
    mode=st.sampled_from(["rel", "abs"]),
)
def test_the_plateau_replays_torch_on_any_history(losses, patience, cooldown, threshold, mode):
    options = {"patience": patience, "cooldown": cooldown, "threshold": threshold, "threshold_mode": mode}
    build = by_torch("reduce_on_plateau", options, steps=len(losses), epoch_steps=1)
    theirs = stepped(build, base=BASE, steps=len(losses), epoch_steps=1, losses=tuple(losses))
    ours = rates_of(recipe("reduce_on_plateau", options, epochs=len(losses)), epoch_steps=1, losses=losses)
    assert ours == theirs


@given(
    steps=st.integers(1, 12),
    share=st.floats(0, 1),
    three_phase=st.booleans(),
    strategy=st.sampled_from(["cos", "linear"]),
)
def test_one_cycle_is_torchs_at_any_length_and_where_torch_divides_by_zero_it_is_within_its_range(
    steps, share, three_phase, strategy
):
    options = {"pct_start": share, "three_phase": three_phase, "anneal_strategy": strategy}
    ours = rates_of(recipe("one_cycle", options, epochs=steps), epoch_steps=1)
    build = by_torch("one_cycle", options, steps=steps, epoch_steps=1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = stepped(build, base=BASE, steps=steps, epoch_steps=1, losses=())
    except ZeroDivisionError:
        assert all(0 < rate <= BASE * (1 + 1e-15) for rate in ours)
    else:
        assert ours == theirs


@pytest.mark.parametrize(("steps", "share"), [(1, 1.0), (2, 0.5), (4, 0.25)])
def test_one_cycle_starts_at_the_maximum_where_its_rise_has_no_length(steps: int, share: float):
    ours = rates_of(recipe("one_cycle", {"pct_start": share}, epochs=steps), epoch_steps=1)
    assert ours[0] == BASE


def test_warm_up_rises_evenly_and_meets_the_schedule_one_step_after_its_end():
    rates = rates_of(recipe("constant", {}, warmup=0.5, epochs=8), epoch_steps=1)
    assert rates[:4] == pytest.approx([BASE * k / 5 for k in (1, 2, 3, 4)])
    assert rates[4:] == [BASE] * 4
    assert warmup_factor(4, 4) == 1


def test_a_warm_up_as_long_as_the_run_is_allowed():
    rates = rates_of(recipe("cosine", {}, warmup=0.999, epochs=4), epoch_steps=1)
    assert rates == pytest.approx([BASE * k / 5 for k in (1, 2, 3, 4)])


def test_rates_are_pure_functions_of_a_clock():
    clock = Clock(at=(17, 23), steps=60, epoch_steps=5, losses=LOSSES[:3])
    assert clock.epochs == [3, 4]
    for schedule in SCHEDULES:
        options = schedule.card.complete({})
        rates = schedule.rates(BASE, clock, options)
        assert schedule.rates(BASE, clock, options) == rates
        assert len(rates) == 2
        assert min(rates) > 0
