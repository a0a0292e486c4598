"""Models of four libraries in one shape, so that `encoders.Encoder` need not know whose they are.

What it asks of a model (open_clip's own have the first three, and the others are wrapped to have
them):

- ``visual``: the image tower, with ``image_size`` and ``preprocess_cfg`` (``mean`` and ``std``);
  absent if the model embeds text only;
- ``encode_image(x)``: float (B, 3, S, S), shifted and scaled -> (B, D);
- ``encode_text(tokens)``: integers (T, L) -> (T, D); absent if the model embeds pictures only;
- ``tokens(prompts)``: T strings -> (T, L) int64;
- ``native``: the library's own module, whose weights are what a file holds;
- ``pooling``: how the outputs become one vector, where there is a choice.

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
