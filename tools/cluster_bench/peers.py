"""What each server does alone with the same posts: the bounds of the cluster path."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from elasticsearch import Elasticsearch, helpers
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from backends.celery.jobs import CeleryJobs
from backends.elasticsearch.mapping import body
from contracts.events import PostFetched, encode
from qingting.bench import trial
from qingting.home import Home
from qingting.settings import load
from text.split import for_search
from tools.servers.server import Server

_BATCH = 500


def kafka_alone(at: Mapping[str, Server], events: Sequence[PostFetched], name: str) -> float:
    """Write and read every post with kafka-python alone (lz4, acks=all, one partition); return posts/s."""
    address = at["kafka"].address
    admin = KafkaAdminClient(bootstrap_servers=address)
    admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()
    rows = [(event.key.encode(), encode(event)) for event in events]
    started_s = time.perf_counter()
    producer = KafkaProducer(bootstrap_servers=address, acks="all", compression_type="lz4", linger_ms=5)
    for key, row in rows:
        producer.send(name, key=key, value=row)
    producer.flush()
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=address, group_id=None, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(name, 0)])
    read = 0
    while read < len(rows):
        read += sum(len(part) for part in consumer.poll(timeout_ms=1_000, max_records=1_000).values())
    took_s = time.perf_counter() - started_s
    consumer.close()
    return len(rows) / took_s


def celery_alone(made: Home, events: Sequence[PostFetched]) -> float:
    """Score every post by the jobs alone, at most four batches out, one worker; return posts/s. A worker must run."""
    settings: Any = load(made.settings_file).jobs
    jobs = CeleryJobs(settings, made.secrets)
    posts = [event.post for event in events]
    batches = [posts[start : start + _BATCH] for start in range(0, len(posts), _BATCH)]
    try:
        jobs.submit(posts[:1])  # the worker is there and warm
        trial.until(lambda: bool(jobs.completed(0.5)), "a worker to answer")
        started_s = time.perf_counter()
        out = sent = 0
        while sent < len(batches) or out:
            while out < 4 and sent < len(batches):
                jobs.submit(batches[sent])
                sent, out = sent + 1, out + 1
            out -= len(jobs.completed(1.0))
        return len(posts) / (time.perf_counter() - started_s)
    finally:
        jobs.close()


def bulk_alone(at: Mapping[str, Server], made: Home, events: Sequence[PostFetched], name: str) -> float:
    """Make every post searchable with `helpers.bulk` alone, the same mapping, one thread; return posts/s."""
    settings: Any = load(made.settings_file).index
    client = Elasticsearch(at["elasticsearch"].address, request_timeout=60)
    client.indices.create(index=name, **body(settings))
    started_s = time.perf_counter()
    helpers.bulk(client, (_action(event, name) for event in events), chunk_size=_BATCH)
    client.indices.refresh(index=name)
    took_s = time.perf_counter() - started_s
    client.indices.delete(index=name)
    client.close()
    return len(events) / took_s


def _action(event: PostFetched, index: str) -> dict[str, Any]:
    post = event.post
    return {
        "_index": index, "_id": post.id, "id": post.id, "source": post.source, "words": for_search(post.text),
        "published": int(post.published_at.timestamp() * 1000), "document": {"post": {"text": post.text}},
    }  # fmt: skip
