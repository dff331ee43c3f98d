"""OpenID Connect providers, as the workers' portal uses them."""
