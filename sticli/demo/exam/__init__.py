"""How the embedded model is examined, and what its card says."""
