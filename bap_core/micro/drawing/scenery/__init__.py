"""Places without anything in them: the background categories, NICO++'s contexts, and how they are
painted.
"""
