"""Feeds of one's own, as `sticli demo train --feed` takes them."""
