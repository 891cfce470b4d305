"""Which release of the package runs this script: older ones lack some of what the newest has."""

import prefect

RELEASE = tuple(int(part) for part in prefect.__version__.split(".")[:2])
