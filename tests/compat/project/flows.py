"""What `prefect.yaml` deploys."""

from prefect import flow, task


@task
def greet(name: str) -> str:
    return f"Hello, {name}!"


@flow(description="Greets somebody.", log_prints=True)
def hello(name: str = "world", times: int = 1) -> None:
    """Says it as often as asked."""
    for _ in range(times):
        print(greet(name))


@flow
def report(day: str) -> str:
    return day
