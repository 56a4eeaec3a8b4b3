"""The solvers' settings: keys, defaults and ranges, a dataclass a method. No torch, so that configs are checked at once."""
