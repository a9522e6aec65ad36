"""Recipe: the frozen, validated, JSON-able description of one run."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PositiveInt,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from fallline.core.errors import RecipeError, UnknownNameError

__all__ = ["OptionValue", "Options", "Recipe"]

OptionValue = StrictBool | StrictInt | StrictFloat | StrictStr | tuple[StrictFloat, ...]


def _frozen(options: Mapping[str, OptionValue]) -> Mapping[str, OptionValue]:
    return MappingProxyType(dict(sorted(options.items())))


def _whole(value: Any) -> Any:
    """Refuse True and 1.0 where a whole number is meant; pydantic would take both."""
    if isinstance(value, bool | float):
        raise ValueError("Input should be a whole number")
    return value


def _number(value: Any) -> Any:
    """Refuse True where a number is meant; pydantic would take it for 1."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value


Options = Annotated[Mapping[str, OptionValue], AfterValidator(_frozen), PlainSerializer(lambda options: dict(options))]
Whole = BeforeValidator(_whole)
Number = BeforeValidator(_number)
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False), Number]


class Recipe(BaseModel):
    """One run, described: the network, the loss, the optimizer, and how they are let loose on the data.

    Names are those of the catalogue; options are by torch's names. A recipe says nothing of the data: with the
    data's hash, the split and the encoding it identifies a run completely.

    Raises:
        RecipeError: A field is out of its range.
        UnknownNameError: A field does not exist.

    Example:
        >>> recipe = Recipe(optimizer="sgd", learning_rate=0.1, optimizer_options={"momentum": 0.9})
        >>> Recipe.from_toml(recipe.to_toml()) == recipe
        True
        >>> recipe.replace(seed=1).seed
        1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    network: Annotated[
        str | None,
        Field(pattern=r"^[\w.]+:\w+$", description="An importable module:function that builds the network."),
    ] = None
    # As costly as (64, 64), and on ten public tables of 90 to 32,364 training rows level with it or slightly better, by
    # scores on test rows. One broad layer alone does as well on those, but cannot follow a spiral.
    widths: Annotated[
        tuple[Annotated[PositiveInt, Whole], ...],
        Field(description="Units of each hidden layer, first to last; none for a linear model."),
    ] = (128, 32)
    activation: Annotated[str, Field(description="The function between the layers.")] = "relu"
    activation_options: Options = Field(default_factory=dict, description="The activation's options.")
    dropout: Annotated[
        float, Field(ge=0, lt=1, description="Share of hidden units left out at each training step."), Number
    ] = 0.0
    normalization: Annotated[str, Field(description="Normalization after each hidden layer.")] = "none"
    initialization: Annotated[str, Field(description="How the weights are drawn.")] = "default"
    loss: Annotated[str, Field(description="What training makes small.")] = "mse"
    loss_options: Options = Field(default_factory=dict, description="The loss's options.")
    optimizer: Annotated[str, Field(description="The rule that moves the weights.")] = "adam"
    learning_rate: Annotated[Rate, Field(description="The optimizer's step size.")] = 1e-3
    optimizer_options: Options = Field(default_factory=dict, description="The optimizer's options.")
    schedule: Annotated[str, Field(description="How the learning rate changes over the steps.")] = "constant"
    schedule_options: Options = Field(default_factory=dict, description="The schedule's options.")
    warmup: Annotated[
        float, Field(ge=0, lt=1, description="Share of all steps over which the learning rate rises linearly."), Number
    ] = 0.0
    clip_norm: Annotated[
        Rate | None, Field(description="Scale the gradient down to at most this norm before each step.")
    ] = None
    clip_value: Annotated[
        Rate | None, Field(description="Clip each coordinate of the gradient to at most this size.")
    ] = None
    batch_size: Annotated[
        PositiveInt, Whole, Field(description="Rows in a training step; at least all rows: full batch.")
    ] = 32
    epochs: Annotated[PositiveInt, Whole, Field(description="Passes over the training rows, at most.")] = 100
    patience: Annotated[
        PositiveInt | None,
        Whole,
        Field(description="Stop after this many epochs without a lower validation loss; as many as epochs: never."),
    ] = None
    dtype: Annotated[Literal["float32", "float64"], Field(description="The precision of all arithmetic.")] = "float32"
    seed: Annotated[
        int, Whole, Field(ge=0, lt=2**32, description="Fixes initial weights, batch order and dropout.")
    ] = 0

    if not TYPE_CHECKING:  # a type checker is to see the fields, which a ** here would hide

        def __init__(self, **fields: Any) -> None:
            for name in fields:
                if name not in type(self).model_fields:
                    raise UnknownNameError.among(type(self).model_fields, name, doing="building a recipe", kind="field")
            try:
                super().__init__(**fields)
            except ValidationError as error:
                raise _recipe_error(error) from None

    def __eq__(self, other: object) -> bool:
        """By the key, as the hash: 0 and 0.0, or 1 and True, are different values of an option."""
        return isinstance(other, Recipe) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_json, (self.key,)  # the frozen options cannot be pickled themselves

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any = None) -> Self:
        return self

    @property
    def key(self) -> str:
        """The recipe as canonical JSON: equal recipes, equal keys."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))

    def replace(self, **changes: Any) -> Self:
        """The same recipe with ``changes``, validated again."""
        return type(self)(**{**self.to_dict(), **changes})

    def with_seed(self, seed: int) -> Self:
        """The same recipe with another seed: as `replace`, but a comparison needs it for every run."""
        recipe = super().__copy__()
        vars(recipe)["seed"] = _seed(seed)
        return recipe

    def to_dict(self) -> dict[str, Any]:
        """All fields, as plain JSON values."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The recipe that `to_dict` gave."""
        return cls(**fields)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The recipe whose `key` is ``text``."""
        try:
            fields = json.loads(text)
        except json.JSONDecodeError as error:
            raise RecipeError("reading a recipe", f"it is not valid JSON: {error}") from None
        if not isinstance(fields, dict):
            raise RecipeError("reading a recipe", "it is not an object", got=type(fields).__name__)
        return cls(**fields)

    def to_toml(self) -> str:
        """The recipe as TOML; fields that are None are left out, as TOML has no null."""
        return tomli_w.dumps({name: value for name, value in self.to_dict().items() if value is not None})

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The recipe that `to_toml` gave."""
        try:
            fields = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RecipeError("reading a recipe", f"it is not valid TOML: {error}") from None
        return cls(**fields)


@cache
def _seed(seed: int) -> int:
    return Recipe(seed=seed).seed


_EXAMPLES = {
    "widths": "128,32",
    "dropout": "0.1",
    "learning_rate": "0.001",
    "warmup": "0.1",
    "clip_norm": "1.0",
    "clip_value": "1.0",
    "batch_size": "32",
    "epochs": "100",
    "patience": "10",
    "dtype": "float32",
    "seed": "0",
}


def _recipe_error(error: ValidationError) -> RecipeError:
    """Pydantic's first complaint in the house form."""
    first = error.errors()[0]
    field, message = str(first["loc"][0]), first["msg"].removeprefix("Value error, ")
    example = _EXAMPLES.get(field)
    return RecipeError(
        "building a recipe",
        f"{field} is out of its range",
        expected=_EXPECTED.get(field) or message.replace("Input should be ", ""),
        got=f"{field} = {first['input']!r}",
        do=f"--{field.replace('_', '-')} {example}, or leave it out" if example else None,
    )


_EXPECTED = {
    "network": "an importable function, as package.module:function",
    "widths": "whole numbers above 0, one for each hidden layer",
    **dict.fromkeys(
        ("activation_options", "loss_options", "optimizer_options", "schedule_options"),
        "a dictionary of numbers, truth values, texts or lists of numbers by option",
    ),
}
