#!/bin/sh
# Write the locks anew: names, versions and hashes only, no address. Needs `uv` on the path.
set -eu
cd "$(dirname "$0")/.."
lock() { uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --extra postgres "$@"; }
lock --group build -o requirements.lock
lock --group dev -o requirements-dev.lock
