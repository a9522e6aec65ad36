"""Cross entropy is given probabilities instead of raw scores.

`CrossEntropyLoss` takes the softmax itself. Given probabilities it takes it twice: all its inputs lie between 0 and 1,
so that even a perfect answer costs ln(1 + (C − 1)/e), and the gradients are small. The network learns slowly and badly,
and nothing is raised.

Fires on:

    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Silent on:

    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Sources: https://discuss.pytorch.org/t/do-i-need-to-use-softmax-before-nn-crossentropyloss/16739
"""

from __future__ import annotations

import math

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import distributions, losses, skipping, written_as
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL301", "softmax-before-cross-entropy", Severity.error, ("contract", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where what cross entropy is given comes from a softmax or sigmoid, or sums to 1 over the classes."""
    for met in losses(evidence, "cross_entropy"):
        made = evidence.transform(met.output)
        name = made.name if made is not None else ""
        squashed = name in ("softmax", "softmin", "sigmoid", "hardsigmoid")
        if not squashed and (name in ("log_softmax", "linear", "log") or not distributions(met.values)):
            continue
        classes = met.output.shape[1] if len(met.output.shape) > 1 else 1
        if classes < 2:
            continue
        removed = written_as(evidence, made) if made is not None and squashed else "what makes it sum to 1"
        floor = math.log(1 + (classes - 1) / math.e)
        return RULE.finding(
            what=f"cross_entropy is given the output of "
            f"{name if squashed else 'something that sums to 1 over the classes'}"
            ": the softmax is taken twice.",
            why=f"It takes the softmax itself. Of numbers between 0 and 1 it cannot fall below {floor:.2f} for "
            f"{classes} classes, and its gradients are small.",
            mend=f"remove {removed}    # the loss takes raw scores; softmax is for predicting",
            evidence={"transform": name, "lowest loss possible": floor, "classes": classes},
            verified=tried(evidence, mode=skipping(made)) if made is not None and squashed else None,
            where=made.place if made is not None and squashed else met.operation.place,
        )
    return None
