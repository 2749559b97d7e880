"""What messages on Discord show, and what their buttons and select menus do."""
