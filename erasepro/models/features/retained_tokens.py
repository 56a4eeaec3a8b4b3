"""Which columns of a preserved text there are to choose from. Names only, so that a config is checked without torch."""

PRESERVE_TOKENS = ("all", "content", "text", "words", "last", "eot")
"""Tokens of a text that become columns; see `columns.preserve_columns`."""
WEIGHTINGS = ("count", "caption", "kind")
"""What weighs the same: every column, every caption, or every kind of token of a caption."""
