"""The store's parts: its file, its schema, the SQL of each thing that it keeps, who writes."""
