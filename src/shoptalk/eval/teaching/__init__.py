"""Training the small transformer of `shoptalk.agent.tagging`: examples from dialogues and from catalogs, and the run."""
