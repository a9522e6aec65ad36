"""fl.watch: what it sees of a user's own loop, and that it leaves nothing behind."""

import contextlib

import pytest
import torch
from torch import nn

import fallline as fl


def parts() -> tuple[nn.Module, torch.optim.Optimizer, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
    return model, torch.optim.Adam(model.parameters(), lr=0.01), torch.randn(32, 4), torch.randn(32, 1)


def step(model: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor) -> None:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()


@pytest.mark.parametrize("told", [True, False])
def test_a_healthy_loop_gives_nothing(told: bool):
    model, optimizer, x, y = parts()
    with fl.watch(*(model, optimizer) if told else ()) as watch:
        for _ in range(120):
            step(model, optimizer, x, y)
    assert watch.diagnosis.findings == ()


def test_a_mistake_is_named_at_its_line():
    model, optimizer, x, y = parts()
    with fl.watch(model, optimizer) as watch:
        for _ in range(5):
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
    (finding,) = watch.diagnosis.findings
    assert finding.name == "zero-grad"
    assert finding.where.file == __file__


def test_a_mistake_that_begins_late_is_seen_by_the_steps_sampled():
    model, optimizer, x, y = parts()
    with fl.watch(model, optimizer) as watch:
        for number in range(200):
            if number == 60:
                model.eval()
            step(model, optimizer, x, y)
    assert [finding.name for finding in watch.diagnosis.findings] == ["eval-mode"]


def test_an_exception_goes_through_and_is_explained():
    model, optimizer, x, y = parts()
    watch = fl.watch(model, optimizer)
    with pytest.raises(RuntimeError, match="mat1 and mat2"), watch:
        step(model, optimizer, x[:, :3], y)
    assert [finding.name for finding in watch.diagnosis.findings] == ["features"]


def test_nothing_is_left_listening():
    before = len(nn.modules.module._global_forward_hooks), torch.optim.Adam.zero_grad
    model, optimizer, x, y = parts()
    with fl.watch(model, optimizer):
        step(model, optimizer, x, y)
    assert before == (len(nn.modules.module._global_forward_hooks), torch.optim.Adam.zero_grad)
    assert torch.overrides._get_current_function_mode() is None


class RootMeanSquare(nn.Module):
    """A loss of the user's own, as a class."""

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.sqrt(torch.mean((output - target) ** 2) + 1e-8)


def test_a_loss_class_of_the_users_own_is_no_network():
    model, optimizer, x, y = parts()
    judge = RootMeanSquare()
    with fl.watch() as watch:
        for _ in range(5):
            optimizer.zero_grad()
            judge(model(x), y[:, 0]).backward()
            optimizer.step()
    assert [finding.name for finding in watch.diagnosis.findings] == ["broadcast"]


def test_a_loss_that_rises_because_the_task_gets_harder_is_no_alarm():
    model, optimizer, x, y = parts()
    with fl.watch(model, optimizer) as watch:
        for number in range(40):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y * (1 + number)).backward()
            optimizer.step()
    assert watch.diagnosis.findings == ()


def test_a_rate_that_throws_the_weights_about_is_named():
    model, _, x, y = parts()
    optimizer = torch.optim.SGD(model.parameters(), lr=30.0)
    with fl.watch(model, optimizer) as watch:
        for _ in range(40):
            step(model, optimizer, x, y)
    assert [finding.name for finding in watch.diagnosis.findings] == ["rate-too-high"]


def test_targets_that_are_not_finite_are_named():
    model, optimizer, x, y = parts()
    y[3] = torch.nan
    with fl.watch(model, optimizer) as watch:
        for _ in range(3):
            step(model, optimizer, x, y)
    assert [finding.name for finding in watch.diagnosis.findings] == ["data-not-finite"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("written_down", [torch.jit.trace, torch.export.export])
def test_torch_may_write_a_network_down(written_down):
    model, x = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)), torch.randn(32, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with fl.watch(model, optimizer) as watch:
        written_down(model, (x,))
        for _ in range(5):
            step(model, optimizer, x, x[:, :1])
    assert watch.diagnosis.findings == ()
    assert len(watch.diagnosis.notes) == 0


@pytest.mark.parametrize("before", [True, False])
def test_a_compiled_network_runs_as_it_is_written_while_it_is_watched(before: bool):
    model, optimizer, x, y = parts()
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(model, backend=backend)
    if before:
        step(compiled, optimizer, x, y)
    known = len(graphs)
    with fl.watch(model, optimizer) as watch:
        for _ in range(25):
            step(compiled, optimizer, x, y)
    assert (watch.diagnosis.findings, watch.diagnosis.notes, len(graphs)) == ((), (), known)
    step(compiled, optimizer, x[:7], y[:7])
    assert graphs


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("initialized_by", ["the first step", "a run without gradients"])
def test_a_lazy_network_is_watched_from_its_first_forward(told: bool, initialized_by: str):
    model, x = nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(1)), torch.randn(32, 4)
    y = torch.randn(32, 1)
    with fl.watch(model if told else None) as watch:
        if initialized_by == "a run without gradients":
            with torch.no_grad():
                model(x)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(8):
            step(model, optimizer, x, y)
    assert (watch.diagnosis.findings, watch.diagnosis.notes) == ((), ())
    with fl.watch(model) as watch:
        for _ in range(8):
            step(model, optimizer, x, y[:, 0])
    assert [finding.code for finding in watch.diagnosis.findings] == ["FL211"]


def test_networks_of_the_same_name_are_told_apart():
    _, _, x, y = parts()
    members = [nn.Linear(4, 1) for _ in range(3)]
    optimizers = [torch.optim.Adam(member.parameters(), lr=0.01) for member in members]
    with fl.watch() as watch:
        for _ in range(10):
            for net, optimizer in zip(members, optimizers, strict=True):
                step(net, optimizer, x, y)
    assert watch.diagnosis.findings == ()


def test_a_network_of_the_same_name_that_is_wired_wrong_is_named():
    _, _, x, y = parts()
    members = [nn.Linear(4, 1), nn.Linear(4, 1)]
    optimizers = [torch.optim.Adam(member.parameters(), lr=0.01) for member in members]
    with fl.watch() as watch:
        for _ in range(10):
            for number in range(2):
                net = members[number]
                if not number:
                    optimizers[number].zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                optimizers[number].step()
    assert [finding.code for finding in watch.diagnosis.findings] == ["FL503"]


class Unsteady(torch.optim.SGD):
    """An optimizer whose first step fails."""

    def step(self, closure=None):
        if not self.param_groups[0].setdefault("failed", 0):
            self.param_groups[0]["failed"] = 1
            raise ArithmeticError("skipped")
        return super().step(closure)


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("wrong", [True, False])
def test_a_step_that_raises_leaves_the_next_ones_watched(wrong: bool):
    model, _, x, y = parts()
    optimizer = Unsteady(model.parameters(), lr=0.01)
    with fl.watch(model, optimizer) as watch:
        for _ in range(10):
            with contextlib.suppress(ArithmeticError):
                step(model, optimizer, x, y[:, 0] if wrong else y)
    assert [finding.code for finding in watch.diagnosis.findings] == ["FL211"] * wrong
