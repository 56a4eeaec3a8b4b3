"""Methods that train the model: one published method a file."""
