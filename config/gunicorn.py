"""How gunicorn serves the web processes. Two synchronous ones: with SQLite they are ahead of any number of threads, whose waiting for the
write lock costs the slowest callers a hundred times the median; more than there are cores only hurts."""

import os

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("REFERRAL_WEB_PROCESSES", "2"))
worker_class = "sync"
# A page of the simulator waits in one request while the stand-in calls the service in another: two such pages would hold two synchronous
# processes until both gave up. Only there; never where callers are served.
threads = 8 if os.environ.get("REFERRAL_SIMULATOR", "").lower() in {"1", "true", "t", "yes", "y", "on"} else 1
timeout = 30
graceful_timeout = 15
# The access log would hold the callbacks' addresses, tokens included, and costs a third of the speed.
accesslog = None
errorlog = "-"
loglevel = "warning"
# Answers are small and must not wait on a disk: the heartbeat of a web process lives in memory where there is such a place.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108  gunicorn wants a plain path
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 2_048
limit_request_field_size = 4_096
limit_request_fields = 50
proc_name = "referral"
