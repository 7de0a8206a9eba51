"""How much of a memory a plan may use."""

MARGIN = 0.9  # share of the free memory; the rest is for what changes between plan and run
