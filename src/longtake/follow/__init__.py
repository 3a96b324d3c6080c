"""Reading what is being written: every frame, record and entry, once and in order."""
