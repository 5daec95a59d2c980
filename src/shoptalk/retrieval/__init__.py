"""Reading a catalog, finding its facets, and finding items: columns, vectors, words."""
