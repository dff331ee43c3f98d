"""OpenID Connect providers, as the workers' portal will use them."""
