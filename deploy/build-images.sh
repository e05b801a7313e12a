#!/usr/bin/env bash
# Build the services' images, each tagged with its own version: deploy/build-images.sh gateway prompt-svc
# ENGINE names the builder (docker, podman or buildah; else the first that works), IMAGE_FLAGS is passed on to it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

works() { command -v "$1" >/dev/null && "$1" info >/dev/null 2>&1; }

engine=${ENGINE:-}
for one in docker podman buildah; do [ -n "$engine" ] || ! works "$one" || engine=$one; done
[ -n "$engine" ] || { echo "Neither docker, podman nor buildah works here." >&2; exit 1; }

case $engine in
  docker) build=(docker build) ;;
  podman) build=(podman build --format docker) ;; # an OCI image would lose its health check
  buildah) build=(buildah build --format docker --layers) ;;
  *) echo "ENGINE must be docker, podman or buildah, not $engine" >&2; exit 1 ;;
esac
read -ra flags <<<"${IMAGE_FLAGS:-}"

for folder in "${@:?which services?}"; do
  version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$folder/pyproject.toml")
  echo "== photofun/$folder:$version ($engine)"
  "${build[@]}" "${flags[@]}" --build-arg "VERSION=$version" -f "$folder/Dockerfile" -t "photofun/$folder:$version" .
done
