"""The jobs: the one Celery job, run where it is submitted or in workers."""
