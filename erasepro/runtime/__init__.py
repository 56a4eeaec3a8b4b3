"""This process and its disk: nothing here knows of models, images or edits."""
