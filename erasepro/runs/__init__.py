"""One run in reading order: resolve, erase, draw, score, record."""
