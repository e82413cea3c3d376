"""The GPU engine's kernels and passes against what the device can do, measured in one run."""
