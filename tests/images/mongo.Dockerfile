# Stand-in for mongo:8.0: SecantusDB, which speaks MongoDB's wire protocol.
FROM python:3.12-slim
RUN pip install --no-cache-dir secantusdb==0.7.0b3 && mkdir -p /data/db && chown 10001 /data/db
USER 10001
ENTRYPOINT ["secantusd-py", "--host", "0.0.0.0", "--port", "27017", "--storage-path", "/data/db", "--sync-on-commit", "--cache-size", "256M"]
