"""What a finding says is the cause, and the line that it says mends it does."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

import fallline as fl
from fallline.core.finding import Finding


def found(model: nn.Module, loss: Any, batch: Any, optimizer: Any = None, **options: Any) -> Finding:
    """The only finding."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (finding,) = fl.check(model, loss, batch, optimizer, **options).findings
    return finding


def mlp(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, outputs))


def game(forgotten: str) -> Callable[..., torch.Tensor]:
    """A step of two networks with one line left out."""
    torch.manual_seed(0)
    critic = mlp(2, 1)
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3)

    def train_step(model: Any, loss: Any, optimizer: Any, batch: Any) -> torch.Tensor:
        real, latent = batch
        fake = model(latent)
        yes, no = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        told = loss(critic(real), yes) + loss(critic(fake.detach()), no)
        if forgotten != "zero_grad":
            judges.zero_grad()
        told.backward()
        judges.step()
        fooled = loss(critic(fake), yes)
        optimizer.zero_grad()
        if forgotten != "backward":
            fooled.backward()
        optimizer.step()
        return fooled

    return train_step


def of_the_game(forgotten: str) -> Finding:
    step, generator = game(forgotten), mlp(4, 2)
    optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3)
    batch = (torch.randn(64, 2), torch.randn(64, 4))
    return found(generator, nn.BCEWithLogitsLoss(), batch, optimizer, train_step=step)


def test_a_missing_zero_grad_is_that_of_the_optimizer_it_belongs_to():
    finding = of_the_game("zero_grad")
    assert finding.code == "FL503"
    assert finding.mend.startswith("judges.zero_grad()")


def test_a_forgotten_backward_is_no_reason_to_attach_the_fakes():
    finding = of_the_game("backward")
    assert finding.code == "FL608"
    assert "nothing calls backward()" in finding.what
    assert finding.mend.startswith("loss.backward()")


def test_what_ran_without_gradients_is_the_cut_not_what_follows_it():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = nn.Linear(3, 8), nn.Linear(8, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                hidden = self.encoder(x)
            return self.head(hidden.relu())

    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    finding = found(model, nn.MSELoss(), (torch.randn(8, 3), torch.randn(8, 1)), optimizer)
    assert finding.code == "FL608"
    assert finding.what.endswith("linear runs under torch.no_grad().")
    assert finding.mend.startswith("call it outside torch.no_grad()")


def test_a_rate_set_in_the_wrong_place_is_that_of_the_optimizer_it_was_set_on():
    torch.manual_seed(0)
    one, other = mlp(4, 1), mlp(4, 1)
    first, second = (torch.optim.Adam(network.parameters(), lr=0.01) for network in (one, other))
    second.lr = 1e-5
    x, y = torch.randn(32, 4), torch.randn(32, 1)
    with fl.watch() as watch:
        for _ in range(5):
            first.zero_grad()
            second.zero_grad()
            F.mse_loss(one(x) + other(x), y).backward()
            first.step()
            second.step()
    (finding,) = watch.diagnosis.findings
    assert finding.what.startswith("second.lr was set")


def test_maps_made_on_the_way_have_no_channels_last():
    inner = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(32, 8, 3, padding=1), nn.Flatten(), nn.Linear(9, 2))
    finding = found(inner, nn.CrossEntropyLoss(), (torch.randn(4, 3, 32, 32), torch.arange(4) % 2))
    assert finding.code == "FL204"


def test_a_layer_for_other_features_keeps_its_other_arguments():
    convolution = nn.Conv2d(16, 8, 3, stride=2, padding=1)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), convolution, nn.Flatten(), nn.Linear(512, 2))
    finding = found(model, nn.CrossEntropyLoss(), (torch.randn(4, 3, 16, 16), torch.arange(4) % 2))
    assert finding.mend == "model[1] = nn.Conv2d(8, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))"
    model[1] = nn.Conv2d(8, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
    assert fl.check(model, nn.CrossEntropyLoss(), (torch.randn(4, 3, 16, 16), torch.arange(4) % 2)).ok


def test_a_recurrent_layer_keeps_its_layers_and_directions():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(5, 8, num_layers=2, bidirectional=True, batch_first=True)
            self.head = nn.Linear(16, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.rnn(x)[0][:, -1])

    finding = found(Net(), nn.CrossEntropyLoss(), (torch.randn(8, 7, 4), torch.arange(8) % 3))
    assert "nn.LSTM(4, 8, num_layers=2, batch_first=True, bidirectional=True)" in finding.mend


def test_the_classes_of_maps_are_on_axis_one():
    for axis in (2, 3):
        model = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.LogSoftmax(dim=axis))
        batch = (torch.randn(4, 1, 6, 8), torch.randint(0, 3, (4, 6, 8)))
        finding = found(model, nn.NLLLoss(), batch, torch.optim.SGD(model.parameters(), lr=0.01))
        assert finding.what.endswith("the classes are on axis 1.")
        assert finding.mend == "log_softmax(..., dim=1)"


def test_labels_of_minus_one_and_one_are_not_mended_by_a_shift():
    y = torch.arange(8) % 2 * 2 - 1
    model = nn.Linear(4, 2)
    finding = found(model, nn.CrossEntropyLoss(), (torch.randn(8, 4), y), torch.optim.SGD(model.parameters(), lr=0.01))
    assert finding.code == "FL401"
    assert "return_inverse" in finding.mend


def test_ids_from_minus_one_need_a_row_for_each():
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(40, 1))
    finding = found(model, nn.MSELoss(), (torch.arange(-1, 9)[None], torch.randn(1, 1)))
    assert finding.mend.startswith("model[0] = nn.Embedding(10, 4)    # and ids + 1")


def test_a_mean_divergence_is_too_small_by_the_classes_alone():
    model = nn.Sequential(nn.Linear(4, 6), nn.LogSoftmax(-1))
    x, y = torch.randn(8, 5, 4), torch.randn(8, 5, 6).softmax(-1)
    finding = found(model, nn.KLDivLoss(), (x, y), torch.optim.SGD(model.parameters(), lr=0.01))
    assert "all 240 numbers" in finding.what
    assert finding.evidence["too small by"] == 6
    mended = F.kl_div(model(x), y, reduction="sum") / 40
    assert torch.isclose(mended, 6 * F.kl_div(model(x), y, reduction="none").mean())


def test_a_divergence_turned_round_needs_the_logarithm_as_well():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))
    x, y = torch.randn(16, 4), torch.randn(16, 3).softmax(1)
    finding = found(
        model,
        lambda output, target: F.kl_div(target, output, reduction="batchmean"),
        (x, y),
        torch.optim.SGD(model.parameters(), lr=0.1),
    )
    assert (finding.code, finding.mend) == ("FL307", "kl_div(output.log(), target)")
    assert F.kl_div(model(x).log(), y, reduction="batchmean") > 0


def test_an_update_without_a_scaled_step_is_named():
    torch.manual_seed(0)
    model, scaler = nn.Linear(4, 1), torch.amp.GradScaler("cpu")

    def train_step(model: Any, loss: Any, optimizer: Any, batch: Any) -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        optimizer.step()
        scaler.update()
        return value

    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    batch = (torch.randn(8, 4), torch.randn(8, 1))
    finding = found(model, nn.MSELoss(), batch, optimizer, train_step=train_step)
    assert finding.code == "FL511"
    assert finding.mend.startswith("scaler.step(optimizer)")


def test_a_reshape_that_takes_the_batch_along_is_said_in_full():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(1, 3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x).permute(0, 2, 3, 1).reshape(-1, 3)

    finding = found(Net(), nn.CrossEntropyLoss(), (torch.randn(5, 1, 6, 6), torch.arange(5) % 3))
    assert finding.mend.endswith(".flatten(1)    # (5, 4, 4, 3) becomes (5, 48)")


def test_targets_go_by_the_users_name():
    torch.manual_seed(0)
    network, price = nn.Sequential(nn.Linear(4, 1), nn.Tanh()), 5 * torch.randn(64, 1)
    trainer = torch.optim.Adam(network.parameters(), lr=0.01)
    with fl.watch(network, trainer) as watch:
        for _ in range(5):
            trainer.zero_grad()
            F.mse_loss(network(torch.randn(64, 4)), price).backward()
            trainer.step()
    assert watch.diagnosis.findings[0].mend.startswith("price = 2 * (price - price.min())")


def test_weights_of_labels_and_a_layers_tensors_are_counted():
    batch = (torch.randn(4, 4), torch.ones(8))
    model = nn.Sequential(nn.Linear(4, 2), nn.Flatten(0))
    finding = found(model, nn.BCEWithLogitsLoss(pos_weight=torch.ones(3)), batch)
    assert (finding.code, "torch.ones(8)" in finding.mend) == ("FL106", True)
    chain = nn.Sequential(nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 3))
    finding = found(chain, nn.CrossEntropyLoss(), (torch.randn(8, 7, 4), torch.arange(8) % 3))
    assert "returns a tuple with 3 tensors in it" in finding.what


def test_a_clamp_is_described_by_its_own_ends():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 1), nn.Hardtanh(0, 2))
    batch = (torch.randn(8, 4), torch.arange(8.0).unsqueeze(1))
    finding = found(model, nn.MSELoss(), batch, torch.optim.SGD(model.parameters(), lr=0.01))
    assert "hardtanh (0 … 2)" in finding.what
