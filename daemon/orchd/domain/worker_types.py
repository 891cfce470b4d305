"""The types of workers that clients know: what each is for, the package that has it, the template of a new pool."""

from typing import Any


def _text(title: str, description: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "description": description, "type": "string", **more}


def _texts(title: str, description: str) -> dict[str, Any]:
    return {"title": title, "description": description, "type": "object", "additionalProperties": {"type": "string"}}


def _listed(title: str, description: str) -> dict[str, Any]:
    return {"title": title, "description": description, "type": "array", "items": {"type": "string"}}


def _switch(title: str, description: str, default: bool) -> dict[str, Any]:
    return {"title": title, "description": description, "type": "boolean", "default": default}


def _template(variables: dict[str, Any]) -> dict[str, Any]:
    """A template that hands each variable on under its own name."""
    return {
        "job_configuration": {name: f"{{{{ {name} }}}}" for name in sorted(variables)},
        "variables": {"type": "object", "properties": variables},
    }


def _type(type: str, name: str, package: str, description: str, template: dict[str, Any]) -> dict[str, Any]:
    where = "concepts/workers/" if package == "prefect" else f"integrations/{package}/"
    return {
        "type": type,
        "display_name": name,
        "description": description,
        "documentation_url": f"https://docs.prefect.io/latest/{where}",
        "install_command": f"pip install {package}",
        "is_beta": False,
        "logo_url": "",
        "default_base_job_configuration": template,
    }


_EVERYWHERE: dict[str, Any] = {
    "name": _text("Name", "What the worker calls the job of a flow run."),
    "env": _texts("Environment Variables", "Variables that the flow run finds in its environment."),
    "labels": _texts("Labels", "Labels that the worker puts on the job."),
    "command": _text("Command", "What to start. Leave it empty: the worker knows how a flow run is started."),
}
_STREAM = _switch("Stream Output", "Whether what the flow run prints also appears where the worker runs.", True)
_PROCESS: dict[str, Any] = {
    **_EVERYWHERE,
    "stream_output": _STREAM,
    "working_dir": _text(
        "Working Directory",
        "The directory in which the process starts. Without it, the worker makes one and removes it afterwards.",
        format="path",
    ),
}
_DOCKER: dict[str, Any] = {
    **_EVERYWHERE,
    "image": _text("Image", "The image of the container. Without it, one of the version of the worker's own package."),
    "image_pull_policy": _text(
        "Image Pull Policy",
        "When the worker fetches the image. Without it, a tag other than `latest` is fetched only where it is missing.",
        enum=["IfNotPresent", "Always", "Never"],
    ),
    "networks": _listed("Networks", "Networks of Docker that the container joins."),
    "network_mode": _text("Network Mode", "The network mode of the container, such as `host`. Excludes networks."),
    "volumes": _listed("Volumes", "What is mounted into the container, each as `from:to`."),
    "auto_remove": _switch("Auto Remove", "Whether the container is removed when the flow run has ended.", False),
    "stream_output": _STREAM,
    "mem_limit": _text("Memory Limit", "The most memory of the container, such as `512m` or `2g`."),
    "memswap_limit": _text("Memory Swap Limit", "The most memory and swap together; needs a memory limit."),
    "privileged": _switch("Privileged", "Whether the container may do all that the host may.", False),
}
_BY_WORKER: dict[str, Any] = {}
"""No template: a worker takes its own, whole one for a pool without. A part of it would be worse than none, because
these types build a job from a document of their platform, which the worker's package has in its own version."""

BY_COLLECTION: dict[str, dict[str, Any]] = {
    "prefect": {
        "process": _type(
            "process",
            "Process",
            "prefect",
            "Runs each flow run as a process on the machine of the worker. The simplest way to begin.",
            _template(_PROCESS),
        )
    },
    "prefect-docker": {
        "docker": _type(
            "docker",
            "Docker",
            "prefect-docker",
            "Runs each flow run in a container of its own on a machine with Docker.",
            _template(_DOCKER),
        )
    },
    "prefect-kubernetes": {
        "kubernetes": _type(
            "kubernetes",
            "Kubernetes",
            "prefect-kubernetes",
            "Runs each flow run as a job in a Kubernetes cluster.",
            _BY_WORKER,
        )
    },
    "prefect-aws": {
        "ecs": _type(
            "ecs",
            "AWS Elastic Container Service",
            "prefect-aws",
            "Runs each flow run as a task of ECS, on Fargate or on instances of EC2.",
            _BY_WORKER,
        )
    },
    "prefect-azure": {
        "azure-container-instance": _type(
            "azure-container-instance",
            "Azure Container Instances",
            "prefect-azure",
            "Runs each flow run in a container group of Azure.",
            _BY_WORKER,
        )
    },
    "prefect-gcp": {
        "cloud-run": _type(
            "cloud-run",
            "Google Cloud Run",
            "prefect-gcp",
            "Runs each flow run as a job of Cloud Run, over the first version of its API.",
            _BY_WORKER,
        ),
        "cloud-run-v2": _type(
            "cloud-run-v2",
            "Google Cloud Run V2",
            "prefect-gcp",
            "Runs each flow run as a job of Cloud Run.",
            _BY_WORKER,
        ),
        "vertex-ai": _type(
            "vertex-ai",
            "Google Vertex AI",
            "prefect-gcp",
            "Runs each flow run as a custom job of Vertex AI, which has machines with accelerators.",
            _BY_WORKER,
        ),
    },
}
"""The types, by the collection of the client's packages that has them."""
