"""The oracle tests ask PyTorch; without it they are skipped."""

collect_ignore: list[str] = []
try:
    import expecttest  # noqa: F401
    import torch  # noqa: F401
except ImportError:
    collect_ignore = ["test_opinfo.py", "test_layers.py"]
