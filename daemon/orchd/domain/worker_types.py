"""The types of workers that clients can start without installing anything."""

from typing import Any


def _text(title: str, description: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "description": description, "type": "string", **more}


def _texts(title: str, description: str) -> dict[str, Any]:
    return {"title": title, "description": description, "type": "object", "additionalProperties": {"type": "string"}}


_PROCESS_VARIABLES: dict[str, Any] = {
    "name": _text("Name", "What the worker calls the process of a flow run."),
    "env": _texts("Environment Variables", "Variables that the process finds in its environment."),
    "labels": _texts("Labels", "Labels that the worker puts on the process."),
    "command": _text("Command", "What to start. Leave it empty: the worker knows how a flow run is started."),
    "stream_output": {
        "title": "Stream Output",
        "description": "Whether what the process prints also appears where the worker runs.",
        "default": True,
        "type": "boolean",
    },
    "working_dir": _text(
        "Working Directory",
        "The directory in which the process starts. Without it, the worker makes one and removes it afterwards.",
        format="path",
    ),
}

_PROCESS: dict[str, Any] = {
    "type": "process",
    "display_name": "Process",
    "description": "Runs each flow run as a process on the machine of the worker. The simplest way to begin.",
    "documentation_url": "https://docs.prefect.io/latest/concepts/workers/",
    "install_command": "pip install prefect",
    "is_beta": False,
    "logo_url": "",
    "default_base_job_configuration": {
        "job_configuration": {name: f"{{{{ {name} }}}}" for name in sorted(_PROCESS_VARIABLES)},
        "variables": {"type": "object", "properties": _PROCESS_VARIABLES},
    },
}

BY_COLLECTION: dict[str, dict[str, Any]] = {"prefect": {"process": _PROCESS}}
"""The types, by the collection of the client's packages that has them."""
