"""Files inside an HDF5 file: single ones, whole folders, many packed into one group, and by URL."""
