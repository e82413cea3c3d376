"""A simulated feed with ground truth, the demo, and the recipe of the embedded model."""
