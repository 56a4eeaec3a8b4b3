"""Names of the same weights in other tools' files."""
