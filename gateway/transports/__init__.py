"""Ways in and out, one file each."""
