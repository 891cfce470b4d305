"""What lies directly below /api: liveness, versions, and what every client asks first."""

from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.errors import Invalid, Unavailable

PREFIX = ""

API_VERSION = "0.8.4"
"""The version of the API spoken here."""
CLIENT_VERSION = "3.8.8"
"""The newest client that orchd is proven with: clients compare it with their own and warn when it is older."""


@operation("GET", "/health", role="public")
async def health(call: Call) -> bool:
    """True while the daemon serves."""
    return True


@operation("GET", "/ready", role="public")
async def ready(call: Call) -> dict[str, str] | Reply[dict[str, str]]:
    """OK when the database answers."""
    try:
        await call.db.ping()
    except Unavailable:
        return Reply({"message": "Database is not available"}, status=503)
    return {"message": "OK"}


@operation("GET", "/version", role="viewer")
async def version(call: Call) -> str:
    """The version of the API."""
    return API_VERSION


@operation("GET", "/admin/version", role="viewer")
async def admin_version(call: Call) -> str:
    """The version of the package that this server is compatible with."""
    return CLIENT_VERSION


@operation("GET", "/hello", role="viewer")
async def hello(call: Call) -> str:
    """A greeting."""
    return "\N{WAVING HAND SIGN}"


@operation("GET", "/csrf-token", role="viewer")
async def csrf_token(call: Call, *, client: str) -> None:
    """Says that no CSRF token is needed: browsers hold no ambient credentials for this API."""
    raise Invalid("CSRF protection is disabled.")
