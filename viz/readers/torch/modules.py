"""The running PyTorch modules: the current path, names of tensors, saved state."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.nn.modules import module as hooks


class Modules:
    """Follows the running modules by hooks, and restores the state that a run changed."""

    def __init__(self) -> None:
        self.names: dict[int, tuple[str, str, str]] = {}   # id of a tensor -> kind, name, group
        self.trained: set[int] = set()             # ids of trainable parameters
        self.groups: list[str] = []                # paths of the running modules
        self.layers: list[bool] = []               # whether they are PyTorch's own
        self.result: Callable[[Any, Any], None] = lambda result, frame: None   # called for each
        self.classes: dict[str, str] = {}          # path of a module that ran -> its class
        self.parameters: list[Any] = []            # of the registered modules
        self._paths: dict[int, str] = {}           # id of a module -> its path
        self._hooks: list[Any] = []
        self._grads: dict[int, tuple[Any, Any]] = {}       # tensors and their original grad
        self._data: dict[int, tuple[Any, Any]] = {}        # tensors and their original data
        self._modes: list[tuple[Any, bool, dict[str, Any]]] = []       # module, training, buffers

    def add(self, module: Any, prefix: str = "") -> None:
        """Name the module's parameters, buffers and submodules."""
        seen, buffers = set(map(id, self.parameters)), []
        for path, part in module.named_modules():
            full = ".".join(filter(None, (prefix, path)))
            self._paths.setdefault(id(part), full)
            group = full.replace(".", "/")
            for kind, found in (("parameter", part._parameters), ("constant", part._buffers)):
                for name, tensor in found.items():
                    if tensor is None:
                        continue
                    if tensor.requires_grad:
                        self.trained.add(id(tensor))
                    self.names.setdefault(
                        id(tensor), (kind, ".".join(filter(None, (full, name))), group))
                    if kind == "constant":
                        buffers.append(tensor)
                    elif id(tensor) not in seen:
                        seen.add(id(tensor))
                        self.parameters.append(tensor)
            held = part._buffers           # TorchScript's have no dict, and are not replaced
            self._modes.append((part, part.training, dict(held) if isinstance(held, dict) else {}))
        self.keep(buffers)

    def name_tensors(self, tensors: Iterable[tuple[str, Any]]) -> None:
        """Name tensors outside modules, such as a file's own parameters."""
        for name, t in tensors:
            kind = "parameter" if t.requires_grad and t.is_leaf else "constant"
            self.names.setdefault(id(t), (kind, name, ""))

    def watch(self) -> None:
        """Follow the running modules, until `close`."""
        self._hooks = [hooks.register_module_forward_pre_hook(self._enter),
                       hooks.register_module_forward_hook(self._leave, always_call=True)]

    def _enter(self, module: Any, args: Any) -> None:
        if id(module) not in self._paths:
            self.add(module, type(module).__name__.lower())
        self.groups.append(self._paths[id(module)].replace(".", "/"))
        if self.group:
            self.classes.setdefault(self.group, type(module).__name__)
        self.layers.append(type(module).__module__.startswith("torch.nn."))

    def _leave(self, module: Any, args: Any, result: Any) -> None:
        self.groups.pop()
        self.layers.pop()
        self.result(result, sys._getframe(1))

    @property
    def group(self) -> str:
        return self.groups[-1] if self.groups else ""

    @property
    def brief(self) -> bool:
        """Return whether the innermost module is one of PyTorch's own layers."""
        return bool(self.layers) and self.layers[-1]

    def keep(self, tensors: Iterable[Any]) -> None:
        """Save the data of named tensors, to restore it later."""
        for t in tensors:
            if id(t) in self.names and id(t) not in self._data and not t.is_meta:
                self._data[id(t)] = t, t.detach().clone()

    def keep_grads(self, more: Iterable[Any] = ()) -> list[Any]:
        """Save the gradients of parameters and other tensors, to restore them; return those
        tensors."""
        for t in (*self.parameters, *more):
            if id(t) not in self._grads and (t.is_leaf or t.retains_grad):
                self._grads[id(t)] = t, None if t.grad is None else t.grad.clone()
        return [t for t, _ in self._grads.values()]

    def close(self) -> None:
        """Remove the hooks and restore the state."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        for part, training, held in self._modes:
            part.training = training
            if held:
                part._buffers.update(held)
        with torch.no_grad():
            for t, copy in self._data.values():
                if (t.dtype, t.shape, t.device) != (copy.dtype, copy.shape, copy.device):
                    t.data = copy
                elif not torch.equal(t, copy):
                    t.copy_(copy)
        for t, grad in self._grads.values():
            t.grad = grad
