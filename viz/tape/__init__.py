"""Tape: what ran, in order, and the Graph it makes: what all readers use."""
