"""Models of people's choices: what is taken with what, after what, and after what words."""
