"""fallline check FILE: the findings point at the user's line; bad files are answered, and nothing is left behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import fallline as fl
from fallline.checks.notebook import cells_of
from fallline.verbs.check import check_file

SCRIPT = Path(sys.executable).with_name("fallline")
NOTEBOOK = Path(__file__).resolve().parents[3] / "shared" / "notebooks" / "loss-and-optimization.ipynb"
BEGIN = """import torch
from torch import nn
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x, y = torch.randn(32, 3), torch.randn(32, 1)
"""
LOOP = """for step in range(30):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, "check", *map(str, arguments)], capture_output=True, encoding="utf-8")


def written(folder: Path, text: str, name: str = "train.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def notebook(folder: Path, *cells: str) -> Path:
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return written(folder, json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}), "a.ipynb")


def test_a_healthy_script_gives_nothing(tmp_path):
    assert check_file(written(tmp_path, BEGIN + LOOP)).findings == ()


def test_a_silent_mistake_points_at_its_line(tmp_path):
    path = written(tmp_path, BEGIN.replace("32, 1)", "32)") + LOOP)
    (finding,) = check_file(path).findings
    assert (finding.code, finding.where.line) == ("FL211", 8)
    assert finding.where.text == "loss = nn.functional.mse_loss(model(x), y)"
    assert finding.mend.startswith("y = y.unsqueeze(-1)")


def test_an_exception_is_explained_at_its_line(tmp_path):
    path = written(tmp_path, BEGIN.replace("nn.Linear(3, 1)", "nn.Linear(4, 1)") + LOOP)
    (finding,) = check_file(path).findings
    assert (finding.code, finding.where.line) == ("FL204", 8)
    assert "mat1 and mat2" in finding.message


def test_the_command_line_has_its_formats_and_exit_codes(tmp_path):
    healthy, wrong = written(tmp_path, BEGIN + LOOP, "a.py"), written(tmp_path, BEGIN + LOOP[:-20], "b.py")
    wrong.write_text(BEGIN + LOOP.replace("    optimizer.zero_grad()\n", ""), encoding="utf-8")
    assert run(healthy).returncode == 0
    shown = run(wrong)
    assert shown.returncode == 1
    assert "FL503" in shown.stdout
    data = run(wrong, "--json")
    assert [finding["code"] for finding in json.loads(data.stdout)["findings"]] == ["FL503"]
    assert run(wrong, "--format", "github").stdout.startswith("::error file=")
    assert run(wrong, "--ignore", "FL503").returncode == 0
    assert run(wrong, "--select", "FL301").returncode == 0


def test_rules_are_listed_and_explained():
    listed = json.loads(run("--rules", "--json").stdout)["rules"]
    assert {"code", "name", "severity", "summary"} == set(listed[0])
    assert "softmax twice" not in run("--explain", "FL503").stdout
    assert "backward()" in run("--explain", "FL503").stdout
    assert run("--explain", "FL000").returncode == 2


needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n", "trains nothing"),
        ("def broken(:\n", "not Python"),
        ("import a_module_that_is_not_there\n", "imports what is not there"),
        ("import sys\nsys.exit(3)\n", "exits by itself with code 3"),
        ("import argparse\np = argparse.ArgumentParser()\np.add_argument('file')\np.parse_args()\n", "arguments"),
        pytest.param("import torch\ntorch.nn.Linear(2, 1).cuda()\n", "needs a GPU", marks=needs_no_gpu),
        ("name = input()\n", "standard input"),
        ("import os\nos._exit(4)\n", "ended with code 4"),
        ("open('there_is_no_such_file.csv')\n", "FileNotFoundError"),
    ],
)
def test_a_file_that_does_not_train_is_answered(tmp_path, text: str, says: str):
    with pytest.raises(fl.FalllineError, match=says):
        check_file(written(tmp_path, text), seconds=60)


def test_a_file_that_is_not_there_or_is_something_else(tmp_path):
    with pytest.raises(fl.FalllineError, match="no such file"):
        check_file(tmp_path / "none.py")
    with pytest.raises(fl.FalllineError, match="neither"):
        check_file(written(tmp_path, "", "a.txt"))
    with pytest.raises(fl.FalllineError, match="no notebook"):
        check_file(written(tmp_path, "{}", "b.ipynb"))
    assert run(tmp_path / "none.py").returncode == 2


def test_a_script_that_never_ends_is_stopped(tmp_path):
    path = written(tmp_path, BEGIN + LOOP + "while True:\n    try:\n        pass\n    except:\n        pass\n")
    assert check_file(path, seconds=8).findings == ()


def test_workers_arguments_and_much_output_are_no_trouble(tmp_path):
    text = (
        "import sys\nassert sys.argv[1:] == ['--epochs', '3']\n"
        + BEGIN
        + "from torch.utils.data import DataLoader, TensorDataset\n"
        + "for a, b in DataLoader(TensorDataset(x, y), batch_size=8, num_workers=2):\n"
        + "    print('x' * 100_000)\n    optimizer.zero_grad()\n"
        + "    loss = nn.functional.mse_loss(model(a), b)\n    loss.backward()\n    optimizer.step()\n"
    )
    assert check_file(written(tmp_path, text), ["--epochs", "3"]).findings == ()


def test_the_users_files_are_left_alone(tmp_path):
    kept = written(tmp_path, "mine", "model.pt")
    text = (
        BEGIN
        + LOOP
        + f"torch.save(model.state_dict(), {str(kept)!r})\nmodel.load_state_dict(torch.load({str(kept)!r}))\n"
    )
    text += f"open({str(tmp_path / 'log.txt')!r}, 'w').write('done')\n"
    assert check_file(written(tmp_path, text)).findings == ()
    assert kept.read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.pt", "train.py"]


def test_a_notebooks_cells_are_checked_one_by_one(tmp_path):
    path = notebook(
        tmp_path,
        "%matplotlib inline\n!pip list\nimport torch\nfrom torch import nn",
        BEGIN,
        "loss = nn.functional.mse_loss(model(x), y[:, 0])\nloss.backward()",
        "1 / 0",
        "nn.functional.cross_entropy(model(x), torch.zeros(32, dtype=torch.int64)).backward()",
    )
    diagnosis = check_file(path)
    assert [(f.code, f.where.cell, f.where.line) for f in diagnosis.findings] == [("FL211", 3, 1), ("FL311", 5, 1)]
    assert any("skipped %matplotlib inline" in note for note in diagnosis.notes)


@pytest.mark.parametrize(
    "valid",
    [
        "model = 1  # is a line enough?",
        "n = (\n    17\n    % 5\n)",
        'print("""\nready?\n!ls\n""")',
        "x = 17 \\\n    % 5",
        "!pip is no statement".replace("!pip", "# !pip"),
        "for i in range(2):\n    print(i)\n\nassert i != 2",
    ],
)
def test_a_cell_of_python_stays_as_it_is(tmp_path, valid: str):
    (cell,) = cells_of(notebook(tmp_path, valid))
    assert (cell.source, cell.skipped) == (valid, ())
    (cell,) = cells_of(notebook(tmp_path, f"!ls\n{valid}"))
    assert (cell.source, cell.skipped) == (f"pass  # !ls\n{valid}", ("!ls",))


def test_what_only_a_notebook_understands_is_skipped_line_for_line(tmp_path):
    (cell,) = cells_of(
        notebook(tmp_path, "!pip install \\\n    torch\nfiles = !ls\nif files:\n    %matplotlib inline\nnn.Linear??")
    )
    assert cell.source.split("\n") == [
        "pass  # !pip install \\",
        "# torch",
        "files = None  # files = !ls",
        "if files:",
        "    pass  # %matplotlib inline",
        "pass  # nn.Linear??",
    ]
    assert cell.skipped == ("!pip install \\", "files = !ls", "%matplotlib inline", "nn.Linear??")
    compile(cell.source, "cell", "exec")


@pytest.mark.parametrize("foreign", ["%%bash\nls", "import a_module_that_is_not_there", "open('nowhere.csv')", "if x"])
def test_a_cell_that_does_not_run_hides_none_of_the_others(tmp_path, foreign: str):
    diagnosis = check_file(notebook(tmp_path, foreign, BEGIN, LOOP))
    assert diagnosis.findings == ()
    assert diagnosis.notes


def test_a_later_cell_is_recorded_from_its_beginning(tmp_path):
    setting = """import torch
from torch.nn.functional import mse_loss
x = torch.randn(64, 4); y = x[:, :1] * 2
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
    training = """for _ in range(10):
    optimizer.zero_grad()
    mse_loss(model(x), y).backward()
    optimizer.step()
"""
    reading = """norms = []
for row in range(20):
    optimizer.zero_grad()
    mse_loss(model(x[row]), y[row]).backward()
    norms.append(model.weight.grad.norm().item())
"""
    done = run(notebook(tmp_path, setting, training, reading))
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not NOTEBOOK.is_file(), reason="the notebook is not beside the repository")
def test_the_course_notebook_shows_both_its_mistakes():
    findings = check_file(NOTEBOOK).findings
    assert [(finding.code, finding.where.cell, finding.where.line) for finding in findings] == [
        ("FL211", 5, 3),
        ("FL311", 6, 3),
    ]
    assert "target = target.unsqueeze(-1)" in findings[0].mend
