"""One published closed-form method a file."""
