"""An outcome is a code with a message, never an exception."""

import pytest

from fallline.core.outcome import Outcome


@pytest.mark.parametrize("outcome", Outcome)
def test_a_code_has_a_message_of_its_own(outcome: Outcome):
    assert outcome.message.strip()
    assert [other.message for other in Outcome].count(outcome.message) == 1


@pytest.mark.parametrize("outcome", Outcome)
def test_a_message_is_a_clause_that_can_stand_in_a_sentence(outcome: Outcome):
    assert outcome.message[0].islower()
    assert not outcome.message.endswith(".")


@pytest.mark.parametrize("outcome", Outcome)
def test_a_code_is_its_name_as_text_and_back(outcome: Outcome):
    assert str(outcome) == outcome.name == outcome.value
    assert Outcome(outcome.value) is outcome


def test_every_outcome_but_running_is_an_end():
    assert [outcome for outcome in Outcome if not outcome.ended] == [Outcome.running]
