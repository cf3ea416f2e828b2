"""sscard: personalization and terminal toolkit for China's Social Security Card (社会保障卡)."""

from sscard._version import VERSION

__version__ = VERSION

__all__ = ["__version__"]
