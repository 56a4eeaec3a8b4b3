"""Banks of phrasings."""
