"""Animation: the passes step by step, and the timeline of a scene."""
