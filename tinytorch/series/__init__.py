"""Series: truncated Taylor series, and all derivatives at once."""
