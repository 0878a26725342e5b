"""A worker process: takes jobs, scores, answers; knows neither log nor home."""

import logging
import os
import threading
import warnings
from pathlib import Path

from celery.exceptions import SecurityWarning, WorkerShutdown, WorkerTerminate
from celery.worker import state

from backends.celery.app import application, broker_of
from backends.celery.broker import declare_queues
from backends.celery.job import Scoring, declare
from backends.settings import CelerySettings


def work(settings: CelerySettings, secrets: Path, score: Scoring, stop: threading.Event) -> None:
    """Take jobs until `stop`; then end the one under way. One child scores, so that a hard time limit can kill it.

    Raises NotConfigured or Retryable where the broker cannot be used at the start; later it is awaited.
    """
    # Celery fears pickle from root; only JSON is accepted here
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # nor does any job here wait for a later time, which is what this warns about
    logging.getLogger("kombu.transport.native_delayed_delivery").setLevel(logging.ERROR)
    broker = broker_of(settings, secrets)
    app = application(settings, broker)
    declare_queues(app, settings, broker)
    declare(app, score)
    score(())  # loads the scorer before the child is forked: a killed child's successor is ready at once
    worker = app.Worker(
        pool="prefork", concurrency=1, hostname=f"qingting-{os.getpid()}@%h", loglevel="WARNING", quiet=True,
        without_gossip=True, without_mingle=True, without_heartbeat=True, optimization="fair",
    )  # fmt: skip
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()
    try:
        worker.start()
    except (WorkerShutdown, WorkerTerminate):
        return


def _watch(stop: threading.Event) -> None:
    stop.wait()
    state.should_stop = 0
