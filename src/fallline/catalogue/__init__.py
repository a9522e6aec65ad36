"""Losses, optimizers, schedules, activations and networks: their cards, and what builds them.

Cards and option names are data free of torch; `builders` and `networks` import it.
"""
