"""The contract: what the peer's own OpenAPI document says of each operation, held against a running server."""
