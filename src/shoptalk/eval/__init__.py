"""Dialogue logs, metrics, replay and benchmarks."""
