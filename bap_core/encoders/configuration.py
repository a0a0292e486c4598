"""What a model is beside its weights: the kinds of its modules and what they were set to, such as
the number of attention heads or the activation. Two models with equal weights and another
configuration embed otherwise.
"""

import dataclasses
import enum
import functools
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import CodeType, SimpleNamespace

import torch
from torch import nn

# what torch itself keeps in every module: weights have their own place, the rest is no setting
_OF_TORCH = frozenset(vars(nn.Module()))
# where weights came from and how they lay there, which says nothing about what they are now
_ORIGIN = frozenset(
    {
        "architectures",
        "default_cfg",
        "dtype",
        "name_or_path",
        "pretrained_cfg",
        "transformers_version",
    }
)
_LONGEST = 10_000  # a longer table is data, such as a vocabulary: a buffer has to hold it


def describe(model: nn.Module) -> list:
    """Name, kind, settings and hooks of every module, as JSON values; equal for equal models,
    whatever was done with them.

    Private attributes are left out, as they may change by use; so are weights, devices, and the
    switch between training and evaluation.
    """
    return [[name, *_of_module(module)] for name, module in model.named_modules()]


def _of_module(module: nn.Module) -> list:
    hooks = (*module._forward_pre_hooks.values(), *module._forward_hooks.values())
    return [_kind(type(module)), _public(vars(module)), [_of_value(hook) for hook in hooks]]


def _public(values: Mapping) -> dict:
    named = {str(name): value for name, value in values.items()}
    left_out = _OF_TORCH | _ORIGIN
    return {
        name: _of_value(named[name])
        for name in sorted(named)
        if not name.startswith("_") and name not in left_out
    }


def _of_value(value):
    """A setting as a JSON value; what has no value of its own is named by its kind."""
    if isinstance(value, enum.Enum):
        return [_kind(type(value)), value.name]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, torch.Tensor):
        return [str(value.dtype), value.detach().cpu().double().reshape(-1).tolist()]
    if isinstance(value, torch.dtype):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset | Mapping):
        return _of_many(value)
    if hasattr(value, "to_dict"):
        return [_kind(type(value)), _public(value.to_dict())]
    if isinstance(value, SimpleNamespace) or dataclasses.is_dataclass(value):
        return [_kind(type(value)), _public(vars(value))]
    if callable(value) and not isinstance(value, nn.Module):
        return _of_callable(value)
    return _kind(type(value))


def _of_many(values):
    if len(values) > _LONGEST:
        return [_kind(type(values)), len(values)]
    if isinstance(values, Mapping):
        return _public(values)
    listed = [_of_value(value) for value in values]
    return sorted(listed, key=repr) if isinstance(values, set | frozenset) else listed


def _of_callable(value: Callable) -> list | str:
    if isinstance(value, functools.partial):
        return ["partial", _of_value(value.func), _of_value(value.args), _of_value(value.keywords)]
    if isinstance(value, type):
        return _kind(value)
    function = getattr(value, "__func__", value)
    if isinstance(code := getattr(function, "__code__", None), CodeType):
        return [_kind(function), _of_code(code)]
    return _kind(function if hasattr(function, "__qualname__") else type(value))


def _of_code(code: CodeType) -> str:
    """A function by what it does: those without a name of their own all have the same one."""
    constants = [_of_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts[1:]]
    return sha256(code.co_code + repr([constants, code.co_names]).encode()).hexdigest()[:20]


def _kind(thing) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"
