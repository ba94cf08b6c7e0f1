"""The oracle tests ask PyTorch; without it they are skipped."""

import pytest

collect_ignore: list[str] = []
try:
    import expecttest  # noqa: F401
    import torch  # noqa: F401
except ImportError:
    collect_ignore = ["test_opinfo.py"]


@pytest.fixture(autouse=True)
def one_thread():
    import torch
    torch.set_num_threads(1)
