"""Training the small transformer of `shoptalk.agent.tagging`: examples from dialogues and catalogs, and the run."""
