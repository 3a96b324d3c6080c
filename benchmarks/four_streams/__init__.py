"""Four streams recorded at once, and followed while they are: a process for each part."""
