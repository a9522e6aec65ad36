"""fl.check: what it takes, what it gives, and that it leaves nothing changed."""

import collections
import copy
import dataclasses
import random
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import fallline as fl
from fallline.core.finding import Finding


def parts() -> tuple[nn.Module, torch.optim.Optimizer, tuple[torch.Tensor, torch.Tensor]]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return model, optimizer, (torch.randn(30, 4), torch.arange(30) % 3)


def softmaxed() -> tuple[nn.Module, torch.optim.Optimizer, tuple[torch.Tensor, torch.Tensor]]:
    model, _, batch = parts()
    model = nn.Sequential(model, nn.Softmax(dim=1))
    return model, torch.optim.Adam(model.parameters(), lr=0.01), batch


def test_a_healthy_set_up_gives_nothing():
    model, optimizer, batch = parts()
    diagnosis = fl.check(model, nn.CrossEntropyLoss(), batch, optimizer)
    assert diagnosis.ok
    assert diagnosis.findings == ()
    assert str(diagnosis) == "nothing found"
    diagnosis.raise_if_failed()


def test_nothing_is_left_changed():
    model, optimizer, batch = softmaxed()
    loss = nn.CrossEntropyLoss()
    loss(model(batch[0]), batch[1]).backward()
    optimizer.step()
    model.eval()
    model[0][1].train()
    calls = []
    handle = model.register_forward_hook(lambda *_: calls.append(1))
    state, steps = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    modes = [module.training for module in model.modules()]
    given = [tensor.clone() for tensor in batch]
    randoms = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    filters, zero_grad, step = list(warnings.filters), torch.optim.Adam.zero_grad, torch.optim.lr_scheduler.StepLR.step
    hooks = len(nn.modules.module._global_forward_hooks), len(nn.modules.module._global_forward_pre_hooks)
    objects = [id(parameter) for parameter in model.parameters()]

    assert not fl.check(model, loss, batch, optimizer).ok

    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    after = optimizer.state_dict()
    assert after["param_groups"] == steps["param_groups"]
    for key, held in steps["state"].items():
        assert all(torch.equal(value, after["state"][key][name]) for name, value in held.items())
    pairs = zip(gradients, model.parameters(), strict=True)
    assert all(torch.equal(gradient, parameter.grad) for gradient, parameter in pairs)
    assert modes == [module.training for module in model.modules()]
    assert all(torch.equal(*pair) for pair in zip(given, batch, strict=True))
    assert torch.equal(randoms[0], torch.get_rng_state())
    assert randoms[1] == random.getstate()
    assert (randoms[2] == np.random.get_state()[1]).all()
    assert filters == list(warnings.filters)
    assert (zero_grad, step) == (torch.optim.Adam.zero_grad, torch.optim.lr_scheduler.StepLR.step)
    assert hooks == (len(nn.modules.module._global_forward_hooks), len(nn.modules.module._global_forward_pre_hooks))
    assert objects == [id(parameter) for parameter in model.parameters()]
    handle.remove()


def test_states_kept_between_steps_are_put_back():
    memory, second = {"state": None}, nn.Linear(4, 4)
    other = torch.optim.Adam(second.parameters(), lr=0.1)
    before = second.weight.detach().clone()
    generator = torch.Generator().manual_seed(3)
    drawn = generator.get_state()

    def train_step(model, loss, optimizer, batch):
        optimizer.zero_grad()
        other.zero_grad()
        hidden = second(batch[0]) + torch.rand(4, generator=generator)
        output, memory["state"] = model(hidden), hidden.detach()
        value = loss(output, batch[1])
        value.backward()
        optimizer.step()
        other.step()
        return value

    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    batch = torch.randn(8, 4), torch.randn(8, 1)
    assert fl.check(model, nn.MSELoss(), batch, optimizer, train_step=train_step).ok
    assert memory == {"state": None}
    assert torch.equal(second.weight, before)
    assert other.state_dict()["state"] == {}
    assert torch.equal(generator.get_state(), drawn)


def test_a_finding_says_everything_and_is_plain_data():
    model, optimizer, batch = softmaxed()
    (finding,) = fl.check(model, nn.CrossEntropyLoss(), batch, optimizer).findings
    data = finding.to_dict()
    assert set(data) == {
        "code", "name", "severity", "what", "why", "mend", "evidence", "verified", "where", "message",
    }  # fmt: skip
    assert data["verified"].startswith("tried: the loss on this batch now goes from ")
    assert Finding.from_dict(data).code == "FL301"
    assert "FL301" in str(finding)


def test_a_diagnosis_shows_itself_and_fails_a_test():
    model, optimizer, batch = softmaxed()
    diagnosis = fl.check(model, nn.CrossEntropyLoss(), batch, optimizer)
    assert not diagnosis.ok
    assert "FL301" in diagnosis._repr_html_()
    assert diagnosis.to_dict()["ok"] is False
    with pytest.raises(AssertionError, match="FL301"):
        diagnosis.raise_if_failed()


def test_the_users_own_names_are_in_the_mend():
    network = nn.Linear(3, 1)
    features, prices = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 1)
    (finding,) = fl.check(network, nn.MSELoss(), (features, prices)).findings
    assert finding.mend.startswith("features = features.float()")


@pytest.mark.parametrize("form", ["loader", "mapping", "tuple", "named"])
def test_a_batch_comes_in_many_forms(form: str):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, first, second=0.0):
            return self.layer(first + second)

    model, (x, y) = Net(), (torch.randn(12, 4), torch.arange(12) % 3)
    batch = {
        "loader": torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=4),
        "mapping": {"inputs": x, "labels": y},
        "tuple": ((x, x), y),
        "named": ({"first": x, "second": x}, y),
    }[form]
    assert fl.check(model, nn.CrossEntropyLoss(), batch, torch.optim.SGD(model.parameters(), lr=0.1)).ok


def test_without_an_optimizer_forward_loss_and_backward_are_looked_at():
    (finding,) = fl.check(nn.Linear(3, 1), nn.MSELoss(), (torch.randn(8, 3), torch.randn(8))).findings
    assert finding.name == "broadcast"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("model", nn.MSELoss(), (torch.zeros(2, 3), torch.zeros(2, 1))), {}),
        ((nn.Linear(3, 1), "mse", (torch.zeros(2, 3), torch.zeros(2, 1))), {}),
        ((nn.Linear(3, 1), nn.MSELoss(), torch.zeros(2, 3)), {}),
        ((nn.Linear(3, 1), nn.MSELoss(), None), {}),
        ((nn.Linear(3, 1), nn.MSELoss(), []), {}),
        ((nn.Linear(3, 1), nn.MSELoss(), 7), {}),
        ((nn.Linear(3, 1), nn.MSELoss(), (torch.zeros(2, 3), torch.zeros(2, 1)), "adam"), {}),
        ((nn.Linear(3, 1), nn.MSELoss(), (torch.zeros(2, 3), torch.zeros(2, 1))), {"steps": 1}),
    ],
)
def test_what_is_no_set_up_is_said_in_the_house_form(arguments, options):
    with pytest.raises(fl.FalllineError, match="checking a training set-up"):
        fl.check(*arguments, **options)


def test_an_exception_of_the_users_own_is_a_finding_with_its_message():
    def loss(output, target):
        raise RuntimeError("the door is closed")

    (finding,) = fl.check(nn.Linear(3, 1), loss, (torch.zeros(2, 3), torch.zeros(2, 1))).findings
    assert finding.code == "FL999"
    assert "the door is closed" in str(finding)


class Trainer:
    """A training step that is a method, and keeps what it needs on the object."""

    def __init__(self, model: nn.Module) -> None:
        self.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127)
        self.slow = copy.deepcopy(model)
        self.steps, self.seen = 0, collections.deque(maxlen=4)

    def step(self, model, loss, optimizer, batch):
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        self.scaler.scale(value).backward()
        self.scaler.step(optimizer)
        self.scaler.update()
        for slow, fast in zip(self.slow.parameters(), model.parameters(), strict=True):
            slow.data.lerp_(fast.data, 0.1)
        self.steps += 1
        self.seen.append(float(value))
        return value


def test_what_a_trainer_keeps_is_put_back():
    model = nn.Linear(4, 1)
    trainer = Trainer(model)
    before = copy.deepcopy((trainer.slow.state_dict(), trainer.scaler.state_dict()))
    x = torch.randn(32, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    fl.check(model, nn.MSELoss(), (x, x[:, :1]), optimizer, train_step=trainer.step)
    assert (trainer.steps, list(trainer.seen)) == (0, [])
    assert trainer.scaler.state_dict() == before[1]
    assert all(torch.equal(value, before[0][name]) for name, value in trainer.slow.state_dict().items())


HISTORY: list[float] = []
LATEST = None


def step_with_globals(model, loss, optimizer, batch):
    global LATEST
    optimizer.zero_grad()
    LATEST = loss(model(batch[0]), batch[1])
    LATEST.backward()
    optimizer.step()
    HISTORY.append(LATEST.item())
    return LATEST


def test_globals_of_a_step_are_put_back():
    model, x = nn.Linear(4, 1), torch.randn(32, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    fl.check(model, nn.MSELoss(), (x, x[:, :1]), optimizer, train_step=step_with_globals)
    assert (HISTORY, LATEST) == ([], None)


@dataclasses.dataclass(frozen=True)
class Counts:
    """A frozen object that holds what changes."""

    seen: list[int]


class Slotted:
    """An object without a table of attributes."""

    __slots__ = ("count", "last")

    def __init__(self):
        self.count = 0


def test_what_is_held_at_any_depth_is_put_back():
    history, nested, pair = {"loss": [], "best": {"at": 0}}, [[0]], ([], {"a": torch.zeros(2)})
    counts, slotted, tally = Counts([]), Slotted(), collections.Counter()
    numbers, old, python = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
    drawn = [copy.deepcopy(source) for source in (numbers, old, python)]

    def step(model, loss, optimizer, batch):
        noise = numbers.normal() + old.normal() + python.random()
        optimizer.zero_grad()
        value = loss(model(batch[0] + noise * 1e-3), batch[1])
        value.backward()
        optimizer.step()
        history["loss"].append(float(value))
        history["best"]["at"] += 1
        nested[0][0] += 1
        pair[0].append(1)
        pair[1]["a"].add_(1)
        counts.seen.append(1)
        slotted.count += 1
        slotted.last = value
        tally["steps"] += 1
        model.log.append(1)
        return value

    model, x = nn.Linear(4, 1), torch.randn(8, 4)
    model.log = collections.deque()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    assert fl.check(model, nn.MSELoss(), (x, x[:, :1]), optimizer, train_step=step).findings == ()
    assert (history, nested, counts, tally) == ({"loss": [], "best": {"at": 0}}, [[0]], Counts([]), {})
    assert (pair[0], pair[1]["a"].tolist(), list(model.log)) == ([], [0, 0], [])
    assert slotted.count == 0
    assert not hasattr(slotted, "last")
    assert numbers.random() == drawn[0].random()
    assert old.random() == drawn[1].random()
    assert python.random() == drawn[2].random()


def test_a_step_may_compute_its_own_loss():
    model, x = nn.Linear(4, 1), torch.randn(32, 4)

    def step(model, loss, optimizer, batch):
        assert loss is None
        optimizer.zero_grad()
        value = (model(batch[0]) - batch[1]).square().mean()
        value.backward()
        optimizer.step()
        return value

    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    assert fl.check(model, None, (x, x[:, :1]), optimizer, train_step=step).findings == ()


def test_a_finding_without_a_line_of_its_own_points_at_the_call():
    model, x = nn.Linear(4, 1), torch.randn(32, 4)
    (finding,) = fl.check(model, nn.MSELoss(), (x, torch.randn(32)), torch.optim.SGD(model.parameters(), 0.01)).findings
    assert finding.where.file == __file__


def test_a_compiled_network_is_checked_as_it_is_written():
    model, optimizer, batch = parts()
    compiled = torch.compile(model, backend="eager")
    assert fl.check(compiled, nn.CrossEntropyLoss(), batch, optimizer).findings == ()
    softmaxed = torch.compile(nn.Sequential(model, nn.Softmax(dim=1)), backend="eager")
    assert [finding.code for finding in fl.check(softmaxed, nn.CrossEntropyLoss(), batch, optimizer).findings] == [
        "FL301"
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit is deprecated, and used
@pytest.mark.parametrize("whole", [True, False])
def test_a_scripted_network_is_checked_and_put_back(whole: bool):
    part, x = torch.jit.script(nn.Sequential(nn.Linear(4, 8), nn.Tanh())), torch.randn(32, 4)
    model = torch.jit.script(nn.Sequential(part, nn.Linear(8, 1))) if whole else nn.Sequential(part, nn.Linear(8, 1))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    part.eval()
    diagnosis = fl.check(model, nn.MSELoss(), (x, torch.randn(32)), lambda m: torch.optim.SGD(m.parameters(), lr=0.1))
    assert [finding.code for finding in diagnosis.findings] == ["FL211"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not part.training


def test_what_cannot_be_put_back_does_not_keep_the_rest_from_it():
    class Sealed(dict):
        def clear(self):
            raise PermissionError("sealed")

    model, x, sealed = nn.Linear(4, 1), torch.randn(8, 4), Sealed(count=0)
    weight = model.weight.detach().clone()

    def step(model, loss, optimizer, batch):
        sealed["count"] += 1
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        return value

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(PermissionError, match="sealed"):
        fl.check(model, nn.MSELoss(), (x, x[:, :1]), optimizer, train_step=step)
    assert torch.equal(model.weight, weight)


@pytest.mark.parametrize("wrong", [True, False])
def test_a_lazy_network_is_checked_and_stays_lazy(wrong: bool):
    model, x = nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(1)), torch.randn(32, 4)
    y = torch.randn(32) if wrong else torch.randn(32, 1)
    kinds = [type(module) for module in model.modules()]
    diagnosis = fl.check(model, nn.MSELoss(), (x, y), lambda m: torch.optim.SGD(m.parameters(), lr=0.1))
    assert [finding.code for finding in diagnosis.findings] == ["FL211"] * wrong
    assert diagnosis.notes == ()
    assert kinds == [type(module) for module in model.modules()]
    assert all(nn.parameter.is_lazy(parameter) for parameter in model.parameters())
    assert model(x[:, :3]).shape == (32, 1)


def test_a_lazy_network_that_raises_is_explained():
    model = nn.Sequential(nn.LazyLinear(8), nn.Linear(7, 1))
    diagnosis = fl.check(model, nn.MSELoss(), (torch.randn(3, 4), torch.randn(3, 1)))
    assert [finding.code for finding in diagnosis.findings] == ["FL204"]
    assert nn.parameter.is_lazy(model[0].weight)


class Unbegun(nn.Module):
    """A module whose author has forgotten a line."""

    def __init__(self):
        self.width = 4

    def forward(self, x):
        return x


@pytest.mark.parametrize("model", [Unbegun(), nn.Sequential(nn.Linear(4, 1), Unbegun())], ids=["whole", "part"])
def test_a_module_that_was_never_begun_is_said_in_the_house_form(model: nn.Module):
    with pytest.raises(
        fl.FalllineError, match=r"Unbegun is a module that was never begun[\s\S]*super\(\).__init__\(\)"
    ):
        fl.check(model, nn.MSELoss(), (torch.randn(3, 4), torch.randn(3, 1)))
