"""The libraries that encoders come from, one module each; `backends.shape` says what they make.

``create`` of each module takes a name of its library and ``weights``: "random", a tag, or a local
path; ``how_to_load`` gives the Python that reads a saved model back without us.
"""

from bap_core.encoders.backends import from_gensim, from_open_clip, from_timm, from_transformers

LIBRARIES = {
    "open_clip": from_open_clip,
    "timm": from_timm,
    "transformers": from_transformers,
    "gensim": from_gensim,
}
