"""A grid of runs through a real Slurm of one node: what it makes is what one process makes."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import toy
import yaml

from bap_core import runtime

ROOT = runtime.project()
WORKFLOW = ROOT / "workflow"
CONFIGURATION = Path("/etc/slurm/slurm.conf")
LONG = 900  # seconds

# A page over two encoders and two correlations, each combination made once and kept. What is made
# notes who made it; (second, 100) ends its own job the first time.
SOURCE = """# %% tags=["parameters"]
encoders: list[str] = ["micro-clip", "micro-siglip"]
correlations: list[int] = [95, 100]

# %%
import os, pathlib, subprocess, time
from itertools import product

import torch
from IPython.display import display

from bap_core import runtime, store

made = pathlib.Path(os.environ["TOY_MADE"])
rows = []
for encoder, correlation in product(encoders, correlations):
    def make():
        name = f"{encoder} {correlation} in job {os.environ.get('SLURM_JOB_ID', 'none')}"
        (made / name).touch()
        if name.startswith("micro-siglip 100") and len(list(made.glob("micro-siglip 100*"))) == 1:
            subprocess.run(["scancel", os.environ["SLURM_JOB_ID"]])
            time.sleep(600)
        return {"value": torch.rand(1, generator=runtime.generator(correlation, encoder))}
    value = float(store.arrays("toy", {"e": encoder, "c": correlation}, make)["value"])
    rows.append(dict(dataset=str(correlation), encoder=encoder, method="m", seed=0, split="test",
                     group="all", metric="additivity", value=value, n=1))

# %%
bundle = {"notebook": "03_toy", "parameters": {"encoders": encoders, "correlations": correlations},
          "scale": "micro", "metrics": rows, "claims": [], "predictions": [], "recorded": None,
          "stamp": {"source_hash": "0"}}
display({"text/plain": "stamp", "application/vnd.bap+json": bundle}, raw=True)
"""


@pytest.fixture
def grid(tmp_path):
    """A notebook, the grid over it, and what every process has to have in its environment."""
    notebook = toy.write(tmp_path, source=SOURCE)
    (tmp_path / "notebooks" / "profiles" / "smoke.yml").write_text("all: {}\n")
    over = {"encoders": ["micro-clip", "micro-siglip"], "correlations": [95, 100]}
    said = {"profile": "smoke", "out": str(tmp_path / "runs")}
    said["grids"] = [{"notebook": str(notebook), "over": over}]
    (tmp_path / "grid.yml").write_text(yaml.safe_dump(said))
    (tmp_path / "made").mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return tmp_path, os.environ | {
        "PATH": path,
        "BAP_HOME": str(tmp_path / "home"),
        "TOY_MADE": str(tmp_path / "made"),
    }


def snakemake(folder: Path, environment: dict, *more: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(WORKFLOW / "Snakefile")]
    command += ["--configfile", str(folder / "grid.yml"), "--directory", str(folder), *more]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LONG, check=False
    )


@pytest.fixture
def slurm(tmp_path):
    """A Slurm of our own, which ends with the test."""
    if os.name != "posix" or os.geteuid() or not shutil.which("apt-get"):
        pytest.skip("a Slurm of our own needs root on Debian")
    if CONFIGURATION.exists():
        pytest.skip(f"there is a Slurm here already, with its {CONFIGURATION}")
    folder = tmp_path / "slurm"
    folder.mkdir()
    script = Path(__file__).with_name("slurm.sh")
    with open(folder / "said", "w+") as said:  # no pipe, which the daemons would keep open
        done = subprocess.run(
            ["sh", str(script), str(folder)], stdout=said, stderr=said, timeout=LONG, check=False
        )
        said.seek(0)
        lines = said.read().splitlines()
    try:
        if done.returncode:
            pytest.skip(f"Slurm cannot be had here: {lines[-1:]}")
        yield
    finally:
        for number in folder.glob("*.pid"):
            os.kill(int(number.read_text()), signal.SIGTERM)
        CONFIGURATION.unlink(missing_ok=True)


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_a_grid_through_slurm_with_a_killed_job_is_what_one_process_makes(grid):
    folder, environment = grid
    done = snakemake(
        folder,
        environment,
        *("--executor", "slurm", "--jobs", "2", "--latency-wait", "30", "--slurm-no-account"),
        *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "5"),
        *("--default-resources", "slurm_partition=here", "mem_mb=0", "runtime=30"),
    )
    assert done.returncode == 0, done.stderr[-5000:]
    made = sorted(path.name for path in (folder / "made").iterdir())
    assert len(made) == 5 and len({name.rpartition(" ")[2] for name in made}) == 5
    assert sum(name.startswith("micro-siglip 100") for name in made) == 2  # killed, and made again
    assert (folder / "runs" / "smoke" / "03_toy" / "provenance.json").exists()

    alone = environment | {"BAP_HOME": str(folder / "another"), "TOY_MADE": str(folder / "made")}
    command = ["bap", "run", str(folder / "notebooks" / "03_toy.py"), "--profile", "smoke"]
    subprocess.run([*command, "--out", str(folder / "alone")], env=alone, check=True)
    metrics = "smoke/03_toy/metrics.csv"
    assert (folder / "runs" / metrics).read_bytes() == (folder / "alone" / metrics).read_bytes()


def test_a_misspelt_encoder_is_refused_before_a_job_is_sent(grid):
    folder, environment = grid
    text = (folder / "grid.yml").read_text()
    (folder / "grid.yml").write_text(text.replace("micro-siglip", "micro-sigilp"))
    done = snakemake(folder, environment, "--cores", "1")
    assert done.returncode != 0
    assert "did you mean micro-siglip" in done.stderr and "nothing is sent" in done.stderr
    assert not list((folder / "made").iterdir()) and not (folder / "runs" / "grid").exists()


def test_the_grid_that_is_shipped_can_be_planned():
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(WORKFLOW / "Snakefile")]
    shown = subprocess.run(
        [*command, "--cores", "1", "--dry-run", "--directory", str(ROOT), "--quiet", "rules"],
        capture_output=True, text=True, timeout=LONG, check=True,
    )  # fmt: skip
    counts = dict(line.split() for line in shown.stdout.splitlines() if len(line.split()) == 2)
    assert (counts["first"], counts["page"], counts["whole"]) == ("3", "10", "6")
