"""A job claimed, run and settled; the tick; the Celery shell and `secondlook up`."""
