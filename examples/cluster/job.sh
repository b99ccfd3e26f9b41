#!/bin/sh
# Hand the search to a cluster that runs, and go home: it needs pip install 'ray[default]' here and there.
#   RAY_ADDRESS=http://HEAD:8265 sh job.sh [DIRECTORY]
# The directory is absolute: the folder that is sent along is deleted with the job.
set -e
exec ray job submit --working-dir . --no-wait -- \
    archsearch search mine.py --backend ray --directory "${1:-/shared/runs/mine}"
