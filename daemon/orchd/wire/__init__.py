"""What travels: request, filter and answer structs. Names and bounds are the wire's own."""
