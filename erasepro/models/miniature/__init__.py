"""The embedded model's own judge and weights."""
