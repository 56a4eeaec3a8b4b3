"""The words that the miniature was trained on."""
