"""orchd: a workflow orchestration daemon that speaks the Prefect 3 API."""

__version__ = "0.1.0"
