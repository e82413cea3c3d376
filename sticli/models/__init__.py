"""Model files: the one that ships with the package, those that were pulled, what they say."""

from sticli.models.cache import names

__all__ = ["names"]
