"""The room a profile takes on its chip, by the accounting of its COS."""

from __future__ import annotations

from sscard.cos.dialect import load_dialect
from sscard.cos.model import Directory, Profile


def directory_room(profile: Profile, directory: Directory) -> int:
    """Bytes of a directory with its files and keys, without the directories in it.  Raises ProfileError."""
    dialect = load_dialect(profile.dialect)
    return dialect.directory_room(profile, directory) + sum(map(dialect.file_room, directory.files))


def profile_room(profile: Profile) -> int:
    """Bytes of all directories.  Raises ProfileError for a dialect nobody knows."""
    return sum(directory_room(profile, directory) for directory in profile.directories)
