"""A worker on a machine of its own: takes jobs and trainings from Redis."""
