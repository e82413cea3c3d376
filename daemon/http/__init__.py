"""The API's parts: the socket, who is at its other end, bodies in, replies and streams out."""
