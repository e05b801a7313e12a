#!/usr/bin/env bash
# The five images and deploy/compose.yaml for real on a machine without Docker and without an image registry, then `make demo`:
#   tests/images/run.sh WORK_DIR        (once before: the stand-in base of shared/tools/mkbase.sh in WORK_DIR, and `make images`)
# podman 4.3.1 knows no health conditions and no exited dependency, so stores come up first, services after, by hand.
set -euo pipefail
work=${1:?the folder mkbase.sh made}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
port=${PORT:-19999}

for store in nats mongo postgres valkey; do
  buildah build --format docker --layers --isolation=chroot --pull=never --network=host -f "tests/images/$store.Dockerfile" -t "photofun-standin/$store:1" tests/images
done >"$work/standins.log"
{ python3 deploy/new_env.py "http://localhost:$port"; echo "PORT=$port"; echo AUTH_MODE=open; echo RATE_LIMIT=10000/minute; } >"$work/env"
compose() { podman-compose --env-file "$work/env" -f deploy/compose.yaml -f tests/images/standins.yaml "$@"; }
trap 'compose down -v >/dev/null 2>&1' EXIT

compose up -d --no-build nats mongo postgres valkey topology
for name in nats mongo postgres valkey; do
  for _ in $(seq 60); do podman healthcheck run "photofun_${name}_1" >/dev/null 2>&1 && break; sleep 1; done
done
podman wait photofun_topology_1
compose up -d --no-build --no-deps prompt-svc imaging-svc conversation-svc gallery-svc gateway
for name in gateway conversation-svc prompt-svc imaging-svc gallery-svc; do
  for _ in $(seq 60); do podman healthcheck run "photofun_${name}_1" >/dev/null 2>&1 && break; sleep 1; done
  podman healthcheck run "photofun_${name}_1" && echo "$name is healthy"
done
for _ in $(seq 60); do curl -fsS "http://localhost:$port/health/" | grep -q '"status":"healthy"' && break; sleep 1; done
curl -fsS "http://localhost:$port/health/"; echo
podman images --format '{{.Repository}} {{.Size}}' | grep -E 'photofun/|library/python'
podman stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.CPUPerc}}'
PORT=$port make demo
