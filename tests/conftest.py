"""Stand-ins that every test may use: a tiny encoder, a pool of coloured shapes, a store of its
own.
"""

import signal

import numpy as np
import open_clip
import pytest
import torch
from hypothesis import HealthCheck, settings

from bap_core.encoders import Encoder

# no example is wrong because the machine is slow, or draws slowly
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
# A shell lets what it starts in the background ignore Ctrl-C, and all that this starts, too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty store that belongs to one test."""
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(autouse=True, scope="session")
def no_records(tmp_path_factory):
    """What is recorded in this checkout decides no test: an empty folder stands in its place."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("results")
        patch.setattr("bap_core.recorded.record.results_folder", lambda: folder)
        yield


@pytest.fixture
def tiny():
    """A real open_clip model of a few thousand weights, at 32 pixels, in float32."""
    return make_tiny()


def make_tiny() -> Encoder:
    """What `tiny` is, the same every time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.CLIP(
            embed_dim=16,
            vision_cfg={
                "image_size": 32,
                "patch_size": 16,
                "width": 32,
                "layers": 1,
                "head_width": 16,
            },
            text_cfg={
                "context_length": 77,
                "vocab_size": 49408,
                "width": 16,
                "heads": 2,
                "layers": 1,
            },
        )
    model.visual.preprocess_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
    return Encoder("tiny", "ViT-B-32", model, torch.device("cpu"), torch.float32, "random")


class Shapes:
    """A compositor of coloured squares on coloured grounds, with the face of
    `bap_core.compositing.Compositor`.
    """

    def __init__(self, n_objects=6, n_backgrounds=12, size=32):
        draw = np.random.default_rng(0)
        self.size, self.objects, self.backgrounds = size, _Listed(n_objects), _Listed(n_backgrounds)
        self._object = draw.integers(0, 256, (n_objects, 3, 1, 1))
        self._ground = draw.integers(0, 256, (n_backgrounds, 3, 1, 1))
        self.fingerprint = f"shapes {n_objects} {n_backgrounds} {size}"
        self.backgrounds.square = self._square
        self.backgrounds.key = f"grounds {n_backgrounds}"
        self.backgrounds.name = "grounds"
        self.seen = []

    def at(self, size):
        return self

    def batch(self, objects, backgrounds):
        self.seen.append((objects.tolist(), backgrounds.tolist()))
        pictures = np.broadcast_to(
            self._ground[backgrounds], (len(objects), 3, self.size, self.size)
        ).copy()
        inner = slice(self.size // 4, -self.size // 4)
        pictures[:, :, inner, inner] = self._object[objects]
        return torch.from_numpy(pictures.astype(np.uint8))

    def canvas(self, i):
        rgba = np.zeros((4, self.size, self.size), np.uint8)
        inner = slice(self.size // 4, -self.size // 4)
        rgba[:3, inner, inner] = self._object[i]
        rgba[3, inner, inner] = 255
        return torch.from_numpy(rgba)

    def _square(self, j, size):
        return np.broadcast_to(self._ground[j], (3, size, size)).astype(np.uint8)


class _Listed:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n


@pytest.fixture
def shapes():
    """Six squares, twelve grounds."""
    return Shapes()
