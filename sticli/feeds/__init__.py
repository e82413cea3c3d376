"""Feeds: how bytes of a pipe or of a growing file become the lines of a session."""
