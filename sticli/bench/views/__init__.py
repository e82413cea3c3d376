"""What a report looks like: tables and sketches on a terminal, a page, plots."""
