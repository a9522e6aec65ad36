"""The nouns every layer shares: recipes, populations, outcomes, tasks, errors, seeds."""
