"""What this machine is, and what is taken of it: GPUs, processes, energy."""
