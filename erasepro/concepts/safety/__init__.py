"""Filters on strings: minors, nudity."""
