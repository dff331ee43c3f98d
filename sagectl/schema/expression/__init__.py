"""Search conditions as people write them, to and from the service's expression trees."""
