"""`bap doctor`: what this machine has and lacks for a profile, and the command that brings what
is missing.
"""

from dataclasses import replace
from itertools import chain

from bap_core.runner.doctor import datasets, machine, weights
from bap_core.runner.doctor.finding import format_lines
from bap_core.runner.planning import plan


def examine(*, profile: str, root: str | None = None) -> int:
    """Print what was found for ``profile``; 0 if its notebooks can run, 1 if something they need is
    missing.

    root: where to look for the data, instead of the profile's ``data_root``.
    """
    jobs = plan([], profile=profile)
    if root:
        jobs = [replace(job, parameters=job.parameters | {"data_root": root}) for job in jobs]
    missing = 0
    for finding in chain(
        machine.check_packages(),
        machine.check_machine(profile),
        datasets.check_data(jobs),
        weights.check_weights(jobs),
    ):
        # each as soon as it is found: some take seconds
        print("\n".join(format_lines(finding)), flush=True)
        missing += finding.state == "missing"
    print(
        f"\n{profile}: "
        + (f"{missing} missing, see above" if missing else "its notebooks can run on this machine")
    )
    return 1 if missing else 0
