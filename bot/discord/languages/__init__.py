"""One table a language: what stands in the code, and what it is called there."""
