"""The official folders of the datasets, written from drawings."""
