"""The daemon: a front that owns text and never waits, a worker that owns tokens and the device."""
