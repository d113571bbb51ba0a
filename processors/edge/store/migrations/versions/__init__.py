"""The migrations, in the order of their numbers; each names the one before it."""
