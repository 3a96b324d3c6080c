"""What shows arrays of an HDF5 file in ParaView: XDMF beside it, VTKHDF within."""
