"""balsa-data."""
