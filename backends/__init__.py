"""The adapters of the ports: embedded (SQLite) and cluster (Kafka, Celery, Elasticsearch)."""
