"""Tuning a small language model for the two calls: what it learns from, the training run, and what comes of it."""
