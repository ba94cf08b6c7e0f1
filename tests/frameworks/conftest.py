"""What the tests of a framework may use."""

import pytest


@pytest.fixture
def doubles():
    """JAX computes in double precision."""
    import jax
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)
