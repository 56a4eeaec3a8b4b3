"""The pass over pictures, and what metrics share."""
