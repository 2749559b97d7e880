"""Other programs that read ABC, asked whether they read ours."""
