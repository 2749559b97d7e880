"""Start, feed and restart the processes that compose. The bot itself never imports torch."""
