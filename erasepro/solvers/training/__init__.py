"""What trained methods share: the denoiser as they see it, one training loop, and the edit out of trained weights."""
