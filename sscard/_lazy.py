"""Public names of a package that are imported when first used, so that importing one module stays cheap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def attach(package: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """A module ``__getattr__`` that finds each public name of ``package`` in the module ``names`` gives for it."""

    def find(name: str) -> object:
        module = names.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module}"), name)

    return find
