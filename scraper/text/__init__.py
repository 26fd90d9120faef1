"""The text of files: their bytes, read in child processes with limits, here or on a Dask cluster."""
