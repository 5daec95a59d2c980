"""Faces: the Gradio page and the command line."""
