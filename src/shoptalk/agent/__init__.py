"""One turn: understanding, the talk's state, explaining, checking."""
