"""BAP companion: background-invariant anchors for vision-language encoders (arXiv 2605.11107).

Importing the package does nothing else: no folder is made, nothing is downloaded, no seed is set.
"""

from importlib.metadata import version

__version__ = version("bap-companion")
