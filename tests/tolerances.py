"""How far apart two numbers may be that are to be the same, each with its reason.

Each is a set of keywords of `torch.testing.assert_close`. Where no tolerance is named, a test asks for equality:
the same operations in the same order give the same bits.
"""

Tolerance = dict[str, float]

SAME: Tolerance = {"rtol": 0.0, "atol": 0.0}
"""Not a tolerance: bit for bit, said where `assert_close` compares structures."""

FLOAT64: Tolerance = {"rtol": 1e-13, "atol": 1e-14}
"""Two float64 formulas for one number: some tens of roundings of 1.1e-16 each. Near 0, where differences of
numbers of size 1 to 10 cancel, their absolute error is what counts."""

FLOAT32: Tolerance = {"rtol": 2e-6, "atol": 2e-6}
"""The same in float32, whose roundings are 6e-8 each."""

UNIT_32: Tolerance = {"rtol": 1e-6, "atol": 1e-5}
"""A float32 target read back in its own unit: one rounding of a standardized number of size 1 to 4, times a scale of
at most 10."""

SCHEDULE: Tolerance = {"rtol": 1e-12, "atol": 0.0}
"""Torch's schedulers get each rate from the one before it, ours come from the step's number alone: theirs gathers one
rounding of 1.1e-16 per step, over at most 1,000 steps."""

REORDERED_64: Tolerance = {"rtol": 1e-12, "atol": 0.0}
"""A float64 mean over up to 100,000 numbers of like sign, summed in another order or in chunks: pairwise summation
keeps the error near log2(100,000) = 17 roundings, sums one after the other within a chunk of a few hundred."""

ONE_BY_ONE_32: Tolerance = {"rtol": 1e-5, "atol": 1e-6}
"""One float32 row alone against the same row in a batch: matrix products of another shape sum in another order."""

WALKED_64: Tolerance = {"rtol": 1e-9, "atol": 1e-12}
"""Two float64 runs of some tens of steps whose learning rates differ by their last bits: each step may multiply what
the steps before it left of a difference."""

ONE_STEP_64 = 1e-12
"""Of the largest number of a layer: the compiled engine's float64 step from the state that the loop is in. Each number
comes of sums of some tens of products, in another order than torch's."""

WALKED_BY_OTHERS_64 = 1e-9
"""The same of the largest number, after 300 steps on another engine: rounding of 1e-16 grows with the steps, by the
curvature of the hill. Where it grows further, 100 times what it does to the loop itself counts."""

CHAOTIC = 1e-6
"""What rounding alone does to the loop in 300 steps, above which the path is not a matter of the engine."""

FEW_STEPS_32 = 1e-5
"""Of the largest number, after 8 float32 steps: roundings of 6e-8, in sums of some tens of products, at each step."""

MANY_STEPS_32 = 1e-3
"""A float32 run's lowest validation loss in 300 steps, over which roundings grow to some 1e-5 in the parameters."""

TEN_STEPS_64 = 1e-11
"""Ten steps of the compiled engine beside torch's: each leaves some of the rounding of those before it."""

POINTS_64: Tolerance = {"rtol": 1e-13, "atol": 1e-14}
"""Outputs of a few layers of a few units, and means over some tens of rows, summed in another order than torch's."""

POINTS_32: Tolerance = {"rtol": 2e-6, "atol": 1e-6}
"""The same in float32."""
