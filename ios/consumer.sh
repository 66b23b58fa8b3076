#!/bin/bash
# A project over the package that `cargo xtask dist swift` wrote for Linux, built by SwiftPM from nothing and run: it signs in
# and lists the bucket. `cargo xtask test dist` calls it, with the local stack's configuration and a program that stands in for
# the browser. All is copied into build/, which is what a Swift root sees of this computer.
set -euo pipefail
cd "$(dirname "$0")"
. ./root.sh
package=$(realpath "$1") config=$(realpath "$2") browser=$(realpath "$3")
at=build/consumer

[ "$(uname -s)" = Linux ] || skip "the package for Linux is tried on Linux"
has unshare || skip "unshare is not installed"
install_swift "$older" trixie
unshare --mount true 2>/dev/null || skip "mounting needs root"
mkdir -p "$older/jetbridge"

rm -rf "$at"
mkdir -p "$at"
cp -R "$package" "$at/Jetbridge"
cp -R Consumer "$at/Consumer"
cp -R "$config" "$at/config"
cp "$browser" "$at/browser"

if in_root "$older" swift build --package-path "$at/Consumer" -debug-info-format none >"$at/build.log" 2>&1; then
  pass "a project builds over the package"
else
  fail "a project does not build over the package"
  tail -n 30 "$at/build.log"
fi
in_root "$older" env "JETBRIDGE_CONFIG=/jetbridge/ios/$at/config" "JETBRIDGE_BROWSER=/jetbridge/ios/$at/browser" \
  "$at/Consumer/.build/debug/Consumer" >"$at/run.log" 2>&1 || true
for step in "signed in" "listed [1-9][0-9]* objects"; do
  if grep -qx "$step" "$at/run.log"; then pass "it has $(grep -x "$step" "$at/run.log")"; else fail "it has not $step"; fi
done
if [ "$failed" != 0 ]; then cat "$at/run.log"; fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
