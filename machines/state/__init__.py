"""The fold of the journal: what the daemon knows, rebuilt from events alone."""
