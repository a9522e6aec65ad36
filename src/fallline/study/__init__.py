"""The jobs: training a ladder of learning rates, scoring it beside baselines, and the study folder."""
