"""A population: recipes that are trained on the same data as one program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fallline.core.errors import RecipeError
from fallline.core.recipe import Recipe

__all__ = ["Population"]


@dataclass(frozen=True)
class Population:
    """A non-empty tuple of recipes; run ``i`` is recipe ``i`` trained.

    Example:
        >>> ladder = Population.ladder(Recipe(optimizer="sgd"), [0.01, 0.1])
        >>> [recipe.learning_rate for recipe in ladder]
        [0.01, 0.1]
    """

    recipes: tuple[Recipe, ...]

    def __post_init__(self) -> None:
        if not self.recipes:
            raise RecipeError("building a population", "it holds no recipe", do="give at least one learning rate")

    @classmethod
    def ladder(cls, recipe: Recipe, learning_rates: Iterable[float]) -> Population:
        """The same recipe at each of ``learning_rates``."""
        return cls(tuple(recipe.replace(learning_rate=rate) for rate in learning_rates))

    def __len__(self) -> int:
        return len(self.recipes)

    def __iter__(self) -> Iterator[Recipe]:
        return iter(self.recipes)

    def __getitem__(self, run: int) -> Recipe:
        return self.recipes[run]
