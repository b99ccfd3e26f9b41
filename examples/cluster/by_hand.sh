#!/bin/sh
# A cluster of machines that you can log in to, with the same Python environment on each.
#   sh by_hand.sh head             on one of them; it prints how the others join
#   sh by_hand.sh node HEAD:6379   on each of the others
#   sh by_hand.sh search           on the first: the run's directory is one that all machines see
# Set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN to the same 64 hexadecimal digits on all of them.
set -e
case "$1" in
head) ray start --head --port=6379 --include-dashboard=false --block ;;
node) ray start --address="$2" --block ;;
search) archsearch search mine.py --backend ray --address "${2:-auto}" --directory "${RUNS:-/shared/runs}/mine" ;;
*) echo "usage: sh by_hand.sh head | node HEAD:6379 | search [HEAD:6379]" >&2; exit 2 ;;
esac
