"""The bot's side of workers on other machines, over Redis."""
