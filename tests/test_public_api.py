"""Each package names its public parts, and each name leads to one thing only."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

PACKAGES = (
    "apdu",
    "certificates",
    "cos",
    "keys",
    "personalize",
    "terminal",
    "emulator",
    "emulator.psam",
    "psam",
    "conformance",
)


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_exist_and_are_no_modules(package: str) -> None:
    module = importlib.import_module(f"sscard.{package}")
    modules = {found.name for found in pkgutil.iter_modules(module.__path__)}
    assert module.__all__
    assert not modules & set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        importlib.import_module("sscard.keys").nothing_of_that_name  # noqa: B018


def test_naming_a_package_does_not_load_it() -> None:
    """Importing one small module of a room does not drag in ciphers or databases."""
    code = (
        "import sys, sscard.personalize, sscard.keys, sscard.cos, sscard.terminal, sscard.conformance\n"
        "print([name for name in ('cryptography', 'sqlite3', 'smartcard', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
