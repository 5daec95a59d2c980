"""The open model at the two doors of a turn: it plans, it explains, and the embedded parts stand in where it fails."""
