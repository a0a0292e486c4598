"""`bap results`: runs are checked, added to ``results/``, listed, and written for others."""
