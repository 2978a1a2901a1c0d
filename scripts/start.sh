#!/bin/sh
# `npm start`: the demo; with a configuration named (`npm start -- my.json`), that one for real, without test backends.
cd "$(dirname "$0")/.." || exit 1
verb=demo
for argument; do
  case $argument in
  -c* | --config | --config=* | [!-]*) verb=run ;;
  esac
done
exec bin/smartedge "$verb" "$@"
