"""From a prompt to a stored tune: the queue, its limits, and the execution of prompts."""
