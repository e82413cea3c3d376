"""The version of the JSON that commands print, which guards the scripts that read it."""

SCHEMA = 1
