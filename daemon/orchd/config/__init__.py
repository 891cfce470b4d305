"""The configuration: one file, one schema, typed settings.

`load` gives `Loaded`, whose `settings` the code works with; everything that is wrong with a file is in one ConfigError.
"""

from orchd.config.loading import Loaded, effective, load, reload_diff
from orchd.config.schema import schema

__all__ = ["Loaded", "effective", "load", "reload_diff", "schema"]
