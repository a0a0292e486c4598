"""The people experiment on COCO (appendices L and M.4): labels that are guesses, a design, and
its scenes.
"""
