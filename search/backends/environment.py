"""Ray, imported as a search wants it: quiet, and with a sentence where there is none."""

from __future__ import annotations

import logging
import os

from search.errors import RunError

# With its level at INFO (`--verbose`), Ray says all that it has to say.
LOGGER = logging.getLogger("search.backends.ray")

# Read by Ray when it is imported: no usage statistics, no progress tables, no loggers of its own, no log of its
# services on the screen; how long it tries to connect.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_NUM_REDIS_GET_RETRIES": "5",
    "TUNE_WARN_INSUFFICENT_RESOURCE_THRESHOLD_S": "1000000",  # what waits is told by the lookout
}
for name, value in SETTINGS.items():
    os.environ.setdefault(name, value)
if not LOGGER.isEnabledFor(logging.INFO):
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "error")

try:
    import ray as ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as NodeAffinitySchedulingStrategy
except ImportError as error:
    raise RunError("the ray backend needs Ray: pip install 'archsearch[ray]', or use backend='local'") from error


def verbose() -> bool:
    """Whether Ray is to say all that it has to say."""
    return LOGGER.isEnabledFor(logging.INFO)
