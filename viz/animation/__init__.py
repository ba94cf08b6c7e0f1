"""Animation: the passes explained step by step, and a scene in time."""
