"""The films that ship with shoptalk."""
