"""Every sentence: those an edit is fitted on, test prompts, public prompt sets."""
