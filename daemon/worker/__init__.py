"""The worker process: one device thread, token ids, cells, the scheduler."""
