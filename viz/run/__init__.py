"""Run: f.py -> target -> one run of it, with the name, line and branch of each tensor."""
