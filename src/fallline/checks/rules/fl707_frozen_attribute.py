"""A module is given the attribute `requires_grad`, or a parameter one that is misspelt, which freezes nothing.

`module.requires_grad = False` sets a Python attribute that nobody reads, and so does `parameter.require_grad = False`;
the parameters go on training. The method is `requires_grad_(False)`.

Fires on:

    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    model[0].requires_grad = False
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    model[0].requires_grad_(False)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/catalyst-team/catalyst/pull/81, https://github.com/udacity/deep-learning-v2-pytorch/issues/12
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._ownership import misspelt
from fallline.core.finding import Finding, Severity

RULE = Rule("FL707", "frozen-attribute", Severity.error, ("freezing",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a module, or a parameter under a misspelt name, was told so and parameters require gradients."""
    for name, module in evidence.modules:
        written = misspelt(module) or ("requires_grad" if "requires_grad" in module.__dict__ else None)
        training = [parameter for parameter in module.parameters() if parameter.requires_grad]
        if written is not None and module.__dict__[written] is False and training:
            return _found(f"{name}.{written}", "the module", len(training), f"{name}.requires_grad_(False)")
    training = {name: p for name, p in evidence.parameters.items() if p.requires_grad and p.is_leaf}
    wrong = {name: word for name, p in training.items() if (word := misspelt(p)) and p.__dict__[word] is False}
    for name, word in wrong.items():
        return _found(f"{name}.{word}", "the parameter", len(wrong), f"{name}.requires_grad = False")
    return None


def _found(written: str, of: str, count: int, mend: str) -> Finding:
    return RULE.finding(
        what=f"{written} = False set an attribute of {of}; {count} parameters still require gradients.",
        why="Torch reads requires_grad, spelt so, of parameters and not of modules: nothing was frozen.",
        mend=mend,
        evidence={"written": written, "still training": count},
    )
