"""How the embedded model is made: its vocabulary, its start, its training, its file."""
