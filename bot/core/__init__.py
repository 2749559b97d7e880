"""Values, errors, settings and small tools that every other package of the bot may use. Imports none of them."""
