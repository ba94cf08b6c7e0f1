"""Tape: the recorded calls of a run, in order, and the Graph of them, for all readers."""
