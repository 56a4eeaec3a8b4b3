"""Banks of wordings."""
