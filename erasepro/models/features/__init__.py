"""Hidden states and columns of texts."""
