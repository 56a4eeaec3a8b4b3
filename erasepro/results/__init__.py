"""Numbers with their errors, and the folder and files that hold them."""
