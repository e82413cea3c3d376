"""Simulated feeds with known answers, and the recipe of the embedded model trained on them."""
