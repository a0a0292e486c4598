"""Getting the official datasets: what is there, what is missing, downloads, archives."""
