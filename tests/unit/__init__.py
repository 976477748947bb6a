"""One module at a time, without processes, network or clock."""
