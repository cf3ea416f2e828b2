"""Keys: the catalogue of 55, algorithm families, diversification, custody and the key service."""
