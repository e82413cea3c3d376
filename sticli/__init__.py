"""Ask a local language model about a stream, now."""

__version__ = "0.1.0"
