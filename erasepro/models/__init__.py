"""What is edited: architectures, sites, checkpoints, and the embedded miniature."""
