"""What sagectl knows about the world, as data; no behaviour."""
