"""sscard: personalization and terminal toolkit for China's Social Security Card (社会保障卡)."""

from sscard._version import VERSION as __version__

__all__ = ["__version__"]
