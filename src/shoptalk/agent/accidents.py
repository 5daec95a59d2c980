"""Facets of a wide catalog in which a word is found by accident: few items fill them, and there are very many of them.

A shop of electronics has a column for each thing that any product may have. 'Phone' is a value of one that tells which
cables come with something, 'external' of one that tells a cable's kind, and every noun of the trade stands in some
label. Such a word is what the person is looking for, and is searched; it decides only where they call its facet.
"""

from shoptalk.retrieval.catalog import Catalog

#: Share of the items that have a value; below it a facet cannot decide over all items.
SPARSE = 0.3
_MANY = 16


def accidental(catalog: Catalog) -> frozenset[str]:
    """Names of the facets that few items fill, where these are so many that any word is found in one; else none."""
    size = max(1, len(catalog))
    sparse = [facet.name for facet in catalog.schema.facets if catalog.column(facet.name).known.sum() < SPARSE * size]
    return frozenset(sparse) if len(sparse) >= _MANY else frozenset()
