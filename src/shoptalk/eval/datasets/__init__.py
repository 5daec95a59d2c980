"""Readers of public datasets in the formats in which they are published; the data itself is not part of the project.

Each takes a folder, streams what is in it, and raises DatasetError naming the path and what is missing. Files may stand
plain or as `.gz`.
"""
