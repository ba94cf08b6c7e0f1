"""The layered layout of very large graphs, on numpy arrays."""
