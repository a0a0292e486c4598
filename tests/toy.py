"""Toy notebooks: one that runs in a moment and leaves the bundle that the runner files, and one
that opens and stamps a real page.
"""

from pathlib import Path

SOURCE = """# %% [markdown]
# # A toy

# %% tags=["parameters"]
seeds: int = 3  # how many
lr: float = 1e-3
mood: str = "good"  # "bad" fails, "slow" sleeps, "silent" leaves no stamp

# %%
import os, sys, time
from IPython.display import display
print(sys.executable, os.environ.get("BAP_PROFILE"), os.environ["IPYTHONDIR"])

# %%
if mood == "bad":
    print("before")
    raise ValueError("asked to fail")
if mood == "slow":
    if "TOY_ASLEEP" in os.environ:
        open(os.environ["TOY_ASLEEP"], "w").close()
    time.sleep(600)

# %%
row = dict(dataset="toy", encoder="e", method="m", seed=0, split="test", group="all",
           metric="additivity", value=seeds * 0.1, n=1)
bundle = {"notebook": "03_toy", "parameters": {"seeds": seeds, "lr": lr, "mood": mood},
          "scale": "micro", "metrics": [row, {**row, "seed": 1, "value": None}], "claims": [],
          "predictions": [], "recorded": None, "stamp": {"source_hash": "0"}}
if mood != "silent":
    display({"text/plain": "stamp", "application/vnd.bap+json": bundle}, raw=True)
"""

PAGE = """# %%
note: str = "no parameter, but annotated"

# %% tags=["parameters"]
seeds: int = 3
lr: float = 1e-3
names: list[str] = ["a"]

# %%
import pandas as pd

from bap_core import report

page = report.open_page("01_additivity", globals())  # a page that has claims
page.scale = "micro"  # without encoders and data to follow from

# %%
# ---- between

# %%
row = dict(dataset="toy", encoder="e", method="m", seed=0, split="test", group="all",
           metric="additivity", value=seeds * 0.1, n=1)
page.stamp(pd.DataFrame([row]), data=[], encoders=[])
"""


def write(folder: Path, *, source: str = SOURCE) -> Path:
    """Write ``03_toy.py`` and the profile ``smoke`` (seeds: 1) below ``folder``; returns the
    notebook's path.
    """
    profiles = folder / "notebooks" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "smoke.yml").write_text("03_toy: {seeds: 1}\n")
    (folder / "notebooks" / "03_toy.py").write_text(source)
    return folder / "notebooks" / "03_toy.py"
