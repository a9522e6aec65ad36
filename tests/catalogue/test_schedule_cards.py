"""The schedules' options: torch's names, flags of their own, and ranges that are kept."""

import pytest
from torch.optim import lr_scheduler

from fallline.catalogue.schedules import SCHEDULES
from fallline.core.recipe import Recipe

SCHEDULE = {schedule.card.name: schedule for schedule in SCHEDULES}


@pytest.mark.parametrize("name", SCHEDULE)
def test_its_torch_class_exists_and_its_options_are_named_as_that_class_names_them(name: str):
    card = SCHEDULE[name].card
    if not card.torch:
        assert name == "constant"
        return
    arguments = getattr(lr_scheduler, card.aliases[1]).__init__.__annotations__
    assert {option.name for option in card.options} <= arguments.keys()


def test_its_flags_are_its_own():
    seen: dict[str, str] = {}
    fields = {"--" + field.replace("_", "-") for field in Recipe.model_fields}
    for schedule in SCHEDULES:
        for option in schedule.card.options:
            assert option.command_line not in fields
            assert option.command_line == option.command_line.lower()
            assert seen.setdefault(option.command_line, option.name) == option.name


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("step", {"step_size": 0}),
        ("step", {"step_size": 2.5}),
        ("step", {"gamma": 0.0}),
        ("multi_step", {"milestones": ()}),
        ("multi_step", {"milestones": (0.0,)}),
        ("exponential", {"gamma": 1.1}),
        ("cosine", {"eta_min": -1.0}),
        ("cosine_restarts", {"T_0": 0}),
        ("cosine_restarts", {"T_mult": 0}),
        ("one_cycle", {"pct_start": 1.5}),
        ("one_cycle", {"anneal_strategy": "cosine"}),
        ("polynomial", {"power": 0.0}),
        ("reduce_on_plateau", {"factor": 1.0}),
        ("reduce_on_plateau", {"patience": -1}),
        ("reduce_on_plateau", {"threshold_mode": "relative"}),
    ],
)
def test_options_out_of_range_are_refused(name: str, options: dict):
    with pytest.raises(ValueError, match="out of its range"):
        SCHEDULE[name].card.complete(options)
