"""Transforms: Graph -> Graph. One file per noun; each function returns a new graph."""
