"""What keeps sticli from working here: every check, each a finding and what to do about it."""
