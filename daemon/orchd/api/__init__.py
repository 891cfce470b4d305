"""The HTTP and websocket edge: declare, decode, call, answer."""
