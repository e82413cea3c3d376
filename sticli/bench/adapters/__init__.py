"""The engines under test, an adapter a file."""
