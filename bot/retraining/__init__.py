"""Retrainings: from members' votes to a tested version of the model."""
