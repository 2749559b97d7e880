"""The bot on Discord: slash commands and buttons, a thin front end over the use cases. No SQL, no torch, no HTTP pages."""
