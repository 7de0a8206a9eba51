"""Closed worlds: what the tiny models know, and the programs that know the truth. Pure Python."""
