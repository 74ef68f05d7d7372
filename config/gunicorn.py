"""How gunicorn serves the web processes. Two synchronous ones: with SQLite they are ahead of any number of threads, whose waiting for the
write lock costs the slowest callers a hundred times the median; more than there are cores only hurts."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Answers are small and must not wait on a disk: the heartbeat and the figures of web processes live in memory where there is such a place.
_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  shared memory, not a file
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # the metrics library reads it when it is imported, so it is set before the service is
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="referral-figures-", dir=_memory)
    _we = os.getpid()
    # Also where the start is refused. The processes made of this one end too, and must not take the others' figures with them.
    atexit.register(lambda: os.getpid() == _we and shutil.rmtree(_figures, ignore_errors=True))
_figures = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
_figures.mkdir(mode=0o700, parents=True, exist_ok=True)


def _yes(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "t", "yes", "y", "on"}


bind = f"{os.environ.get('REFERRAL_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("REFERRAL_WEB_PROCESSES", "2"))
# A page of the simulator waits in one request while the stand-in calls the service in another: two such pages would hold two synchronous
# processes until both gave up. Only there; where callers are served, one thread each unless a setting says otherwise.
threads = int(os.environ.get("REFERRAL_WEB_THREADS", "8" if _yes("REFERRAL_SIMULATOR") else "1"))
worker_class = "gthread" if threads > 1 else "sync"
# The county's data and the dialogue are read and checked once, before there are any processes; a start that is refused is refused once.
preload_app = True
timeout = 30
graceful_timeout = 15
keepalive = 5
backlog = 512
# The access log would hold the callbacks' addresses, tokens included, and costs a third of the speed. Errors come without the request.
accesslog = None
errorlog = "-"
loglevel = "warning"
logger_class = "referral.observing.quiet.QuietLogger"
capture_output = False
worker_tmp_dir = _memory
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 2_048
limit_request_field_size = 4_096
limit_request_fields = 50
proc_name = "referral"
control_socket_disable = True


def on_starting(_server: object) -> None:
    """What an earlier run counted is gone with it."""
    from referral.observing.processes import empty

    empty(_figures)


def child_exit(server: object, worker: object) -> None:
    """What an ended process counted stays counted. Whatever goes wrong with it is no reason to stop serving: an error here would end them all."""
    from referral.observing.processes import fold

    try:
        fold(_figures, worker.pid)  # type: ignore[attr-defined]
    except Exception:
        server.log.error("the figures of an ended process are lost")  # type: ignore[attr-defined]
