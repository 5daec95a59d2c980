"""English words so common that they tell nothing about an item. Both word searches leave them out of requests."""

STOP_WORDS = frozenset(
    """a about all also am an and any are aren as at be been being but by can could d did do does doesn doing don
    either else for from get give go got had has hasn have haven having he her here hers him his how i if in into is
    isn it its just kind let like ll looking m may me might mine more most much must my need no nor not of on one
    ones only or other our ours out over please re really s see shall she should show so some something such t than
    that the their theirs them then there these they thing things this those to too up us ve very want was wasn way
    we were what when where which while who whom whose why will with would wouldn you your yours""".split()
)
