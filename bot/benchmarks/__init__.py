"""What `python -m bot bench` measures, one file a subject, and the servers and processes that it starts."""
