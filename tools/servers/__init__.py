"""Real Kafka, RabbitMQ, Elasticsearch and PostgreSQL on loopback, without Docker, for development and tests.

`python -m tools.servers start|stop|status [--folder DIR] [--shift N]`. Everything lives in one folder (default
`.servers/`): the downloads, one folder of data a server, its log and its process number. `--shift` adds to every port,
so that two sets can run side by side.
"""
