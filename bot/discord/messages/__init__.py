"""What messages on Discord show, and what their buttons do."""
