"""Following any HDF5 file in which key datasets tell which frames are there."""
