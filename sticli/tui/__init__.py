"""`sticli watch` on a terminal: Textual widgets that draw a `sticli.watch.state.State`."""
