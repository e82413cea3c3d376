"""Local comparisons: ratios measured in one run."""
