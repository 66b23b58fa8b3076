#!/usr/bin/env bash
# cfn-lint on the template of every variant, and on templates that it has to refuse. It comes from PyPI once, into .venv;
# after that nothing needs the network.
set -euo pipefail
cd "$(dirname "$0")"

# The schemas of the resource types come with it, so the version decides what is found.
version=1.58.0
if [ "$(.venv/bin/cfn-lint --version 2>/dev/null)" != "cfn-lint $version" ]; then
  python3 -m venv --clear .venv
  .venv/bin/pip install --quiet --disable-pip-version-check "cfn-lint==$version"
fi

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
npm run --silent templates -- "$directory"
# The region is the user's choice, so several are tried.
# W3005: the CDK writes a DependsOn on a function's role beside the reference to it.
.venv/bin/cfn-lint --regions us-east-1 us-west-2 eu-central-1 --non-zero-exit-code informational --ignore-checks W3005 \
  -- "$directory"/*.json
echo "cfn-lint $version: no findings"

# What only cfn-lint sees, each of which it has to find by the rule that the file is named by.
refused="$directory/refused"
npm run --silent refused-templates -- "$directory/all.json" "$refused"
.venv/bin/cfn-lint --regions us-east-1 --format parseable -- "$refused"/*.json >"$refused/findings" || true
missed=0
for file in "$refused"/*.json; do
  name=$(basename "$file" .json)
  if ! grep -q "^$file:.*:${name%%.*}:" "$refused/findings"; then
    echo "cfn-lint $version: no finding of ${name%%.*} in ${name#*.}"
    missed=$((missed + 1))
  fi
done
echo "cfn-lint $version: $(ls "$refused"/*.json | wc -l) templates to refuse, $missed missed"
[ "$missed" -eq 0 ]
