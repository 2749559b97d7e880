"""What `python -m bot bench` measures, one file a subject."""
