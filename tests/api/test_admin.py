"""The settings in force, as clients read them."""

import json

from tests.api.conftest import Api


async def test_settings_have_the_names_that_clients_know_and_hold_no_secret(api: Api) -> None:
    found = (await api.get("/admin/settings"))["server"]
    server = api.context.settings.server
    assert (found["api"]["port"], found["api"]["default_limit"]) == (server.port, server.limits.page)
    assert found["services"]["late_runs"] == {"enabled": True, "loop_seconds": 5.0, "after_seconds": "PT15S"}
    assert found["database"]["connection_url"] == "**********"
    assert found["api"]["auth_string"] is None
    assert api.context.settings.database.url.plain not in json.dumps(found)
