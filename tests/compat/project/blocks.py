"""A block type of somebody's own."""

from prefect.blocks.core import Block
from pydantic import SecretStr


class Lamp(Block):
    """Lights up."""

    _description = "A lamp in a house."
    _logo_url = "http://127.0.0.1/lamp.png"

    room: str
    watts: int = 40
    key: SecretStr | None = None
