#!/bin/bash
# Everything of the AWS side that can be tested without AWS, from a clean clone on: `cargo xtask test infra` calls it.
# Installs the locked packages, runs the tests, synthesizes, lints every variant's template, and prints how many checks ran.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v npm >/dev/null || [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -lt 20 ]; then
  echo "please install: Node 20 or newer, with npm" >&2
  exit 1
fi

passed=0
failed=0
check() { # name, command
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    echo "failed: $name"
    failed=$((failed + 1))
  fi
}

# npm removes all packages before it installs them: only when the lock has changed.
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
  npm ci --no-audit --no-fund --silent
  cp package-lock.json node_modules/.installed-lock.json
fi

report=$(mktemp)
# Elsewhere than in cdk.out, where the user's own template may be.
synthesized=$(mktemp -d)
trap 'rm -rf "$report" "$synthesized"' EXIT
check "types" npx tsc
check "format" npx prettier --check --log-level warn .
npx jest --json --outputFile="$report" || true
# The counts, then what failed, a line each.
mapfile -t told < <(node -e '
  const report = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8") || "{}");
  // A suite that does not even start has no test that could fail.
  const broken = report.numRuntimeErrorTestSuites ?? 1;
  console.log(report.numPassedTests ?? 0, (report.numFailedTests ?? 0) + broken);
  for (const suite of report.testResults ?? [])
    for (const test of suite.assertionResults)
      if (test.status === "failed") console.log(`FAILED: ${test.fullName}`);
' "$report")
read -r tests_passed tests_failed <<<"${told[0]}"
if [ "${#told[@]}" -gt 1 ]; then printf '%s\n' "${told[@]:1}"; fi
passed=$((passed + tests_passed))
failed=$((failed + tests_failed))
check "synthesis" npx cdk synth --quiet --output "$synthesized"
check "cfn-lint" ./lint-templates.sh

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
