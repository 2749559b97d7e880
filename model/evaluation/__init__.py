"""How good a checkpoint is, in figures: `scores` puts the table together, its siblings measure one thing each."""
