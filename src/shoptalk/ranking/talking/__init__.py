"""The talk transformer: it reads the last words of a talk and tells which items would be named next.

`pieces` is what it reads, `net` and `training` make it, `export` writes it, `serving` asks it, `reordering` says what
its second look at the first candidates is worth beside the ranker's score.
"""
