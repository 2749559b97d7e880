"""Other programs that read ABC, to check that they read ours without a fault."""
