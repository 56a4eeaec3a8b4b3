"""Figures of finished runs for a paper: one a file, each with the numbers that it plots, all in one style."""
