"""Recorded runs: what a notebook measured once, on which code, kept with what it takes to count it
again.
"""
