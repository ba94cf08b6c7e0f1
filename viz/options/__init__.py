"""Options: what can be asked for, one field each, and messages that name them. Imports nothing."""
