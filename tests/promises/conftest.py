"""The bureau of the personalization tests, for promises."""

from tests.personalize.conftest import make_bureau, service

__all__ = ["make_bureau", "service"]
