"""Networks of the user's own: what is taken, and how each failure is said."""

import random
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import torch
from torch import nn

from fallline.catalogue.networks import Imported, has_batch_norm, network_for
from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe
from fallline.core.seeds import initialised

NUMBER = count()
GOOD = """
from torch import nn

def net(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 9), nn.BatchNorm1d(9), nn.Dropout(0.5), nn.Linear(9, outputs))
"""

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module into the working directory, under a name no other test has; returns its name."""
    monkeypatch.chdir(tmp_path)

    def written(code: str) -> str:
        name = f"users_{next(NUMBER)}"
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        return name

    return written


def imported(reference: str, *, inputs: int = 4, outputs: int = 3, head="none") -> Imported:
    return Imported(reference=reference, inputs=inputs, outputs=outputs, head=head)


def error_of(reference: str, **sizes: int) -> str:
    with pytest.raises(RecipeError) as caught:
        imported(reference, **sizes).build()
    text = str(caught.value)
    assert text.startswith(f"building the network {reference}: ")
    return text


def test_it_is_the_users_module_drawn_from_the_seed_and_nothing_else(write: Write):
    ours = initialised(imported(f"{write(GOOD)}:net").build, seed=5, dtype=torch.float64)

    def by_hand() -> nn.Module:
        return nn.Sequential(nn.Linear(4, 9), nn.BatchNorm1d(9), nn.Dropout(0.5), nn.Linear(9, 3))

    theirs = initialised(by_hand, seed=5, dtype=torch.float64)
    assert ours.module.state_dict().keys() == theirs.module.state_dict().keys()
    for name, value in theirs.module.state_dict().items():  # buffers too: the trial left them alone
        assert torch.equal(ours.module.state_dict()[name], value)
    assert torch.equal(ours.random_state, theirs.random_state)
    assert has_batch_norm(ours.module)


def test_the_trial_neither_draws_nor_changes_anything(write: Write):
    code = """
import torch
from torch import nn

class Busy(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)
        self.still = nn.Linear(1, 1).eval()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, rows):
        assert not self.training
        self.calls += 1
        return self.layer(rows) + torch.rand(3)

def net(inputs, outputs):
    return Busy(inputs, outputs)
"""
    torch.manual_seed(0)
    module = imported(f"{write(code)}:net").build()
    after = torch.get_rng_state()
    torch.manual_seed(0)
    nn.Linear(4, 3), nn.Linear(1, 1)
    assert torch.equal(after, torch.get_rng_state())
    assert module.calls.item() == 0
    assert module.training
    assert not module.still.training


@pytest.mark.parametrize("head", ["sigmoid", "log_softmax", "softplus"])
def test_a_head_follows_it(write: Write, head):
    module = imported(f"{write(GOOD)}:net", head=head).build().eval()
    assert isinstance(module, nn.Sequential)
    rows = torch.randn(5, 4)
    raw = module[0](rows)
    expected = {"sigmoid": raw.sigmoid(), "log_softmax": raw.log_softmax(1), "softplus": nn.functional.softplus(raw)}
    assert torch.equal(module(rows), expected[head])


def test_the_working_directory_is_looked_at_first_and_the_path_is_left_as_it_was(write: Write, tmp_path: Path):
    (tmp_path / "parts_of_users").mkdir()
    (tmp_path / "parts_of_users" / "late.py").write_text("from torch import nn\nlayer = nn.Linear\n", encoding="utf-8")
    code = """
def net(inputs, outputs):
    from parts_of_users.late import layer
    return layer(inputs, outputs)
"""
    before = list(sys.path)
    assert isinstance(imported(f"{write(code)}:net").build(), nn.Linear)
    assert sys.path == before


def test_a_module_in_a_package_and_a_class_instead_of_a_function_will_do(write: Write, tmp_path: Path):
    package = tmp_path / f"{write('')}_package"
    package.mkdir()
    code = "from torch import nn\nclass Net(nn.Linear):\n    pass\n"
    (package / "deep.py").write_text(code, encoding="utf-8")
    assert imported(f"{package.name}.deep:Net").build().weight.shape == (3, 4)


def test_a_trained_states_names_are_the_same_at_each_build(write: Write):
    network = imported(f"{write(GOOD)}:net", head="sigmoid")
    network.build().load_state_dict(network.build().state_dict())


@pytest.mark.usefixtures("write")
def test_a_module_that_is_not_there_is_said_with_the_folder_that_was_searched(tmp_path: Path):
    text = error_of("no_such_module_of_users:net")
    assert "there is no module named no_such_module_of_users" in text
    assert str(tmp_path) in text


def test_a_module_that_needs_what_is_not_installed_says_so(write: Write):
    name = write("import no_such_package_of_users")
    assert f"the module {name} needs no_such_package_of_users" in error_of(f"{name}:net")


@pytest.mark.parametrize("code", ["1 / 0", "import sys\nsys.exit(2)", "net = ("])
def test_a_module_that_fails_when_imported_says_how(write: Write, code: str):
    name = write(code)
    text = error_of(f"{name}:net")
    assert f"the module {name} fails when imported" in text
    assert any(word in text for word in ("ZeroDivisionError", "SystemExit", "SyntaxError"))


def test_the_nearest_name_is_suggested(write: Write):
    name = write(GOOD)
    assert f"did you mean {name}:net?" in error_of(f"{name}:nett")


EMPTY = "from torch import nn\ndef net(inputs, outputs):\n    return {}\n"
RETURNS = [
    ("None", "it does not return a network", "None (NoneType)"),
    ("[nn.Linear(inputs, outputs)]", "it does not return a network", "(list)"),
    ("nn.Linear", "it does not return a network", "a class was returned, not an instance"),
    ("nn.ReLU()", "it has no parameters to train", "a ReLU"),
    ("nn.LazyLinear(outputs)", "it has lazy layers", "nn.Linear(inputs, ...)"),
    ("nn.Linear(inputs, outputs + 1)", "it does not return 3 units", "a tensor of shape (2, 4), torch.float32"),
    ("nn.Linear(inputs + 1, outputs)", "it fails on a batch of shape (2, 4): RuntimeError", "shape (2, 3)"),
    ("nn.LSTM(inputs, outputs)", "it does not return 3 units", "it returns more than its output"),
    ("nn.Linear(inputs)", "it fails when called with (4, 3): TypeError", "net(inputs, outputs)"),
    ("1 / 0", "it fails when called with (4, 3): ZeroDivisionError", "which returns a torch.nn.Module"),
]


@pytest.mark.parametrize(("returned", "wrong", "shown"), RETURNS)
def test_what_comes_back_and_does_not_fit_is_named(write: Write, returned: str, wrong: str, shown: str):
    text = error_of(f"{write(EMPTY.format(returned))}:net")
    assert wrong in text
    assert shown in text


def test_a_function_that_takes_other_arguments_is_shown_what_it_gets(write: Write):
    name = write("def net(inputs):\n    pass\n")
    text = error_of(f"{name}:net")
    assert "it fails when called with (4, 3): TypeError" in text


def test_something_that_cannot_be_called_is_no_function(write: Write):
    assert "it is not a function" in error_of(f"{write('net = 7')}:net")


def test_a_squeezed_column_is_recognized(write: Write):
    code = EMPTY.format("nn.Sequential(nn.Linear(inputs, outputs), nn.Flatten(0))")
    text = error_of(f"{write(code)}:net", outputs=1)
    assert "it does not return 1 unit for each row" in text
    assert "squeeze()" in text


def test_integers_are_no_outputs(write: Write):
    code = """
from torch import nn

class Net(nn.Linear):
    def forward(self, rows):
        return super().forward(rows).long()

net = Net
"""
    assert "torch.int64" in error_of(f"{write(code)}:net")


def test_one_module_for_all_runs_is_refused_as_long_as_the_first_has_it(write: Write):
    name = write("from torch import nn\nkept = nn.Linear(4, 3)\ndef net(inputs, outputs):\n    return kept\n")
    first = imported(f"{name}:net").build()
    assert "the same module a second time" in error_of(f"{name}:net")
    assert first is sys.modules[name].kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("widths", (8,)),
        ("activation", "tanh"),
        ("dropout", 0.1),
        ("normalization", "batch"),
        ("initialization", "orthogonal"),
    ],
)
def test_fields_that_speak_of_layers_are_refused_as_they_would_do_nothing(field: str, value: object):
    with pytest.raises(RecipeError, match=f"so {field} would have no effect"):
        network_for(Recipe(network="mine:net", **{field: value}), inputs=4, outputs=3, head="none")


def test_pythons_own_random_state_is_left_to_the_function(write: Write):
    random.seed(0)
    expected = random.random()
    random.seed(0)
    imported(f"{write(GOOD)}:net").build()
    assert random.random() == expected
