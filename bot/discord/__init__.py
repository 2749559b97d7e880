"""The bot on Discord: slash commands and buttons, thin over the use cases. No SQL, no torch, no HTTP pages."""
