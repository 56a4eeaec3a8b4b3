"""Where settings come from: yaml, the shared dataclasses, Hydra's compose, its errors in one line."""
