"""Experiments as data: what is searched, who works on it, and what comes of it."""
