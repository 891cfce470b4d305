"""The command `orchctl`: parse, ask the control socket, print."""
