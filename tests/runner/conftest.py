"""A toy notebook, and the plan of running it."""

import pytest
import toy

from bap_core.runner import planning


@pytest.fixture
def notebook(tmp_path):
    return toy.write(tmp_path)


@pytest.fixture
def plan(notebook, tmp_path):
    def make(*overrides):
        return planning.plan(
            [str(notebook)], profile="smoke", overrides=overrides, out=tmp_path / "runs"
        )

    return make
