"""Encoders: one face for four libraries, the paper's checkpoints by name, prompts, and features."""

from bap_core.encoders.backends.common import MICRO, micro_names
from bap_core.encoders.backends.from_open_clip import register_micro, tokenizer
from bap_core.encoders.encoder import Encoder, Tally
from bap_core.encoders.loading import load

__all__ = ["MICRO", "Encoder", "Tally", "load", "micro_names", "register_micro", "tokenizer"]
