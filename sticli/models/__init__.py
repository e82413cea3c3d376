"""The model that ships with the package, and its card."""
