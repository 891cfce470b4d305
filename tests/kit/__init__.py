"""What tests of every folder lean on: real servers, started as processes of their own."""
