"""Exit code 0 where `/healthz` says that all is well. `AGGREGATOR_PORT`: where it listens (8080)."""

import os
import sys
import urllib.request

try:
    urllib.request.urlopen(f"http://127.0.0.1:{os.environ.get('AGGREGATOR_PORT', '8080')}/healthz", timeout=8)
except OSError as error:
    sys.exit(f"not healthy: {error}")
