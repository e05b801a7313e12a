#!/usr/bin/env bash
# What is deployed, checked without a cluster: Dockerfiles, the compose file, the workflows, every manifest.
# With kubectl or kustomize at hand the overlays are rendered and checked too, with promtool the rules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=${VENV:-.venv}/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bin"/hadolint --failure-threshold warning ./*/Dockerfile
"$bin"/check-jsonschema -q --builtin-schema vendor.compose-spec deploy/compose.yaml
"$bin"/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml
validate() { "$bin"/kubernetes-validate --strict --quiet --no-warn -k 1.37.0 "$@" >"$work/told" 2>&1 || { cat "$work/told"; exit 1; }; }
manifests=$(find deploy/k8s/base deploy/k8s/overlays/local/stores -name '*.yaml' ! -name kustomization.yaml)
# shellcheck disable=SC2086 # a list of paths without spaces
validate $manifests

render=
if command -v kubectl >/dev/null; then render="kubectl kustomize"; elif command -v kustomize >/dev/null; then render="kustomize build"; fi
if [ -n "$render" ]; then
  for folder in base overlays/local overlays/prod stores; do
    $render "deploy/k8s/$folder" >"$work/rendered.yaml"
    validate "$work/rendered.yaml"
  done
fi
if command -v promtool >/dev/null; then promtool check rules deploy/monitoring/alerts.yml >"$work/rules" 2>&1 || { cat "$work/rules"; exit 1; }; fi
