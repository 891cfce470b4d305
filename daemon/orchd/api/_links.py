"""Links to this API, as the client that asks can follow them."""

from orchd.api._context import Call


def api_base(call: Call) -> str:
    """`https://host/base/api` as the client wrote it: a proxy in between says what that was."""
    request = call.request
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).partition(",")[0].strip()
    host = request.headers.get("X-Forwarded-Host", request.host).partition(",")[0].strip()
    return f"{scheme}://{host}{call.settings.server.base_path.rstrip('/')}/api"
