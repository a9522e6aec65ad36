"""The wiring doctor: what a training set-up does is recorded once, and small rules say what is wired wrong."""
