"""Which axis is time is told from the numbers where they tell it, and not where they do not."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, TensorDataset

import fallline as fl
from fallline.checks.rules._time import second_is_time

SIZES = ((24, 10), (8, 30), (64, 20), (16, 17))


def sums(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(samples, length, 2)
    return x, x[..., 0].cumsum(1)


def waves(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    wave = torch.sin(6 * torch.rand(samples, 1) + 0.5 * torch.arange(length + 1))
    return wave[:, :-1, None], wave[:, 1:, None]


def words(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(0, 500, (samples, length + 1))
    return ids[:, :-1], ids[:, 1:]


def padded(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.randint(2, length + 1, (samples,))
    ids = torch.randint(1, 500, (samples, length)) * (torch.arange(length) < lengths[:, None])
    return ids, ids % 3


def own(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(samples, length, 2)
    return x, (x[..., 0] > 0).float()


def noise(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(samples, length, 2), torch.randn(samples, length)


def of_each_sample(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    level = torch.randn(samples, 1)
    return level[..., None] + torch.randn(samples, length, 2), level.expand(samples, length)


def heavy(samples: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    tails = torch.distributions.StudentT(1.5)
    return tails.sample((samples, length, 2)), tails.sample((samples, length))


@pytest.mark.parametrize("make", [waves, words, padded])
@pytest.mark.parametrize("sizes", SIZES)
def test_the_second_axis_is_told_to_be_time(make, sizes):
    torch.manual_seed(0)
    assert second_is_time(*make(*sizes)) is not None


@pytest.mark.parametrize("sizes", [(64, 20), (40, 12)])
def test_sums_over_what_came_before_tell_it(sizes):
    torch.manual_seed(0)
    assert second_is_time(*sums(*sizes)) is not None


@pytest.mark.parametrize("make", [sums, waves, words, padded, own, noise, of_each_sample, heavy])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_where_time_is_first_nothing_is_said(make, sizes, seed):
    torch.manual_seed(seed)
    x, y = make(*sizes)
    assert second_is_time(x.transpose(0, 1), y.transpose(0, 1)) is None


@pytest.mark.parametrize("make", [own, noise, of_each_sample, heavy])
@pytest.mark.parametrize("sizes", SIZES)
def test_where_places_do_not_depend_on_each_other_nothing_is_said(make, sizes):
    torch.manual_seed(0)
    assert second_is_time(*make(*sizes)) is None


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = nn.LSTM(2, 8), nn.Linear(8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.rnn(x)[0]).squeeze(-1)


def time_first(samples: list[tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
    return [pad_sequence(list(part)) for part in zip(*samples, strict=True)]


@pytest.mark.parametrize(("collate", "said"), [(None, ["FL212"]), (time_first, [])])
def test_a_loader_that_stacks_puts_the_batch_first_and_another_may_not(collate, said):
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*noise(24, 6)), batch_size=8, collate_fn=collate)
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters())
    assert [each.code for each in fl.check(model, nn.MSELoss(), loader, optimizer).findings] == said
    with fl.watch(model, optimizer) as watch:
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
    assert [each.code for each in watch.diagnosis.findings] == said


def test_the_mend_is_tried_on_the_layer_as_it_would_be():
    torch.manual_seed(0)
    model = Tagger()
    finding = fl.check(model, nn.MSELoss(), sums(64, 20), torch.optim.Adam(model.parameters(), 0.02)).findings[0]
    now, before = finding.verified.split("; before")
    assert now.split("from")[1].split(" in ")[0] != before.split("from")[1]
    assert model.rnn.batch_first is False
