"""Worker and trainer as child processes of the bot."""
