"""What a dashboard knows of the daemon, and how it learns it; drawn by `sticli.tui`, or as text."""
