"""Run: from f.py to a target to one run of it, with the name, line and branch of each tensor."""
