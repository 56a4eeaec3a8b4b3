"""What a run prints and draws: tables and before/after grids, made of its record."""
