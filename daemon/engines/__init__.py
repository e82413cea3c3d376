"""What runs a model: token ids in, token ids and logits out."""
