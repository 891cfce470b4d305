"""Load and validate: one YAML file becomes `Settings`, or one error that names every fault and its place."""

from orchd.config.loading import Loaded, effective, load, load_text, reload_diff, schema

__all__ = ["Loaded", "effective", "load", "load_text", "reload_diff", "schema"]
