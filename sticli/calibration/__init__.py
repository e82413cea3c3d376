"""What the gap of a decision buys, on lines whose answers are known."""
