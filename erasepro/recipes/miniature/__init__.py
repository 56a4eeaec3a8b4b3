"""The miniature's training, part by part; see TRAINING.md."""
