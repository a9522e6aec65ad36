"""The loss has the wrong sign: training makes the fit worse.

Log-probabilities are at most 0, and the larger the better; a loss is minimized. Without the minus the network learns to
give the true class no probability at all, and the loss runs off to minus infinity. Where several networks are called, a
part is frozen or the optimizer maximizes, the sign may be meant, and nothing is said.

Fires on:

    model = nn.Linear(4, 3)
    loss = lambda output, target: output.log_softmax(1).gather(1, target.unsqueeze(1)).mean()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Silent on:

    model = nn.Linear(4, 3)
    loss = lambda output, target: -output.log_softmax(1).gather(1, target.unsqueeze(1)).mean()
    x, y = torch.randn(9, 4), torch.arange(9) % 3

Sources: https://discuss.pytorch.org/t/negative-log-likelihood-loss-sign/
"""

from __future__ import annotations

import dataclasses

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.setup import Setup
from fallline.checks.traced import Operation
from fallline.core.finding import Finding, Severity

RULE = Rule("FL316", "sign", Severity.error, ("contract", "divergence"))

_HANDING_ON = ("mean", "sum", "gather", "take_along_dim", "index_select", "masked_select", "broadcast_tensors")
_LOGS = ("log_softmax", "log_sigmoid")
_FITTED = ("cross_entropy", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the loss is a mean of log-probabilities, or minus a loss of the only network there is."""
    backwards = evidence.trace.backwards
    if not backwards or backwards[0].value is None or evidence.failure is not None or not _fits(evidence):
        return None
    made = evidence.trace.source(backwards[0].loss)
    turned = made is not None and made.name == "neg"
    if made is not None and turned:
        made = evidence.trace.source(made.inputs[0])
        if made is None or made.name not in _FITTED:
            return None
        if not any(met.operation is made and evidence.is_target(met.target) for met in evidence.comparisons):
            return None
    while made is not None and made.name in _HANDING_ON and made.inputs:
        made = evidence.trace.source(next((each for each in made.inputs if each.needs_grad), made.inputs[0]))
    if made is None or (not turned and not _is_log(evidence, made)) or not backwards[0].value <= 0:
        return None

    def negated(setup: Setup) -> Setup:
        return dataclasses.replace(setup, loss=lambda *sides: -setup.loss(*sides))

    plain = evidence.setup is not None and evidence.setup.train_step is None
    kind = f"minus {made.name}" if turned else f"a mean of {made.name}, which is at most 0"
    return RULE.finding(
        what=f"The loss is {kind}: it began at {backwards[0].value:.3g} and training makes it smaller still.",
        why="A loss is minimized: with this sign the network learns to be as wrong as it can, without bound.",
        mend="loss = -loss    # minimize the negative log-likelihood"
        if not turned
        else f"without the minus before {made.name}",
        evidence={"first": backwards[0].value, "of": made.name},
        verified=tried(evidence, negated) if plain else None,
        where=backwards[0].place if not plain else made.place,
    )


def _fits(evidence: Evidence) -> bool:
    """Whether all that is trained is one network, to be as good as it can: no game, no attack, nothing to be maximized.

    In a game one network lowers what another one raises; an attack raises the loss of a network that is frozen.
    """
    groups = [group for optimizer in evidence.optimizers for group in optimizer.param_groups]
    networks = {id(call.module): call.module for call in evidence.root_calls}
    parameters = [parameter for network in networks.values() for parameter in network.parameters()]
    trained = {id(parameter) for group in groups for parameter in group["params"]}
    whole = all(parameter.requires_grad for parameter in parameters)
    owned = not groups or any(id(parameter) in trained for parameter in parameters)
    return len(networks) < 2 and whole and owned and not any(group.get("maximize") for group in groups)


def _is_log(evidence: Evidence, made: Operation) -> bool:
    """Whether an operation gives log-probabilities: a log-softmax, also in its two parts."""
    parts = [evidence.trace.source(each) for each in made.inputs]
    normalized = made.name == "sub" and any(part is not None and part.name == "logsumexp" for part in parts)
    return made.name in _LOGS or normalized
