"""The task and the target column, as data."""

import pytest
from pydantic import ValidationError

from fallline.core.task import Target, Task


def test_binary_and_multiclass_predict_one_of_a_list_of_classes():
    assert {task for task in Task if task.classifies} == {Task.binary, Task.multiclass}


@pytest.mark.parametrize("classes", [(False, True), (0, 1), ("no", "yes"), (1.5, 2.5)])
def test_classes_keep_their_types_through_json(classes):
    target = Target(name="y", task=Task.binary, reason="two values", classes=classes)
    again = Target.model_validate_json(target.model_dump_json())
    assert again == target
    assert [type(label) for label in again.classes] == [type(label) for label in classes]


def test_a_target_cannot_be_changed():
    target = Target(name="y", task=Task.regression, reason="a number")
    with pytest.raises(ValidationError, match="frozen"):
        target.mean = 3.0
