#!/bin/bash
# Everything of the Swift package that can be tested on Linux, from a clean clone on. Generates the bindings from a library
# with the local stack in it, compiles all of the package against stubs of Apple's modules, runs the tests, checks the
# style, sees bindings of another library refused, and prints how many tests ran.
#
# Debian 12 has no Swift. What runs Swift runs in a Debian 13 root of its own: SWIFT_ROOT, by default
# /var/cache/swift-trixie, made once (510 MB to download, 2.6 GB on disk).
set -euo pipefail
cd "$(dirname "$0")"
root=${SWIFT_ROOT:-/var/cache/swift-trixie}
packages=swiftlang,libc6-dev,libstdc++-14-dev,ca-certificates
passed=0 failed=0

has() { command -v "$1" >/dev/null 2>&1; }
skip() {
  echo "skipped: swift: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
pass() { echo "ok: $1"; passed=$((passed + 1)); }
fail() { echo "FAILED: $1"; failed=$((failed + 1)); }

install_swift() {
  [ "$(cat "$root/.ready" 2>/dev/null)" = "$packages" ] && return
  [ "$(id -u)" = 0 ] || skip "making the Swift root needs root"
  if ! has mmdebstrap; then
    has apt-get || skip "mmdebstrap is not installed"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      mmdebstrap debian-archive-keyring >/dev/null || skip "mmdebstrap cannot be installed"
  fi
  echo "making the Swift root in $root"
  rm -rf --one-file-system "$root"
  # The machine's own Debian mirror, or mmdebstrap's.
  local mirror=()
  if grep -q '^ID=debian$' /etc/os-release; then
    mapfile -t mirror < <(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -n 1)
  fi
  mmdebstrap --quiet --variant=minbase --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    trixie "$root" "${mirror[@]}" || skip "the Swift root cannot be made here"
  echo "$packages" >"$root/.ready"
}

# Runs a command in the root, in ios/ of this repository, with a clean environment. The mounts end with the command.
# Debian's SwiftPM dies by a segmentation fault once in a while, before it has done anything.
swift_root() {
  local status=139 attempt
  for attempt in 1 2 3; do
    [ "$status" = 139 ] || break
    status=0
    unshare --mount bash -euc '
      mount --bind "$2" "$1/jetbridge"
      mount -t proc proc "$1/proc"
      root=$1
      shift 2
      exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 \
        sh -c "cd /jetbridge/ios && exec \"\$@\"" sh "$@"
    ' _ "$root" "$(realpath ..)" "$@" || status=$?
  done
  return "$status"
}

# A program over the bindings, changed by a sed script.
program() { # name, sed script
  mkdir -p "build/$1"
  sed -E "$2" Sources/JetbridgeFFI/JetbridgeFFI.swift >"build/$1/JetbridgeFFI.swift"
  echo 'print(libraryVersion())' >"build/$1/main.swift"
  swift_root swiftc -swift-version 5 -module-name Program -I Sources/CJetbridgeFFI "build/$1/JetbridgeFFI.swift" \
    "build/$1/main.swift" -L build/bindings -ljetbridge_ffi -Xlinker -rpath -Xlinker /jetbridge/ios/build/bindings \
    -Xlinker --allow-shlib-undefined -o "build/$1/program" >"build/$1/log" 2>&1 || return 1
  swift_root "build/$1/program" >"build/$1/out" 2>&1
}

check_bindings() {
  if program untouched '' && grep -qxE '[0-9.]+' build/untouched/out; then
    pass "bindings of this library load"
  else
    fail "bindings of this library do not load"
  fi
  # The name of a call stays and its signature changes, as when the library is of another build.
  if program tampered 's/(checksum_method_coresession_complete_login\(\) != )[0-9]+/\10/'; then
    fail "bindings of another library are taken"
  elif [ -x build/tampered/program ] && ! cmp -s build/{untouched,tampered}/JetbridgeFFI.swift &&
    grep -q "API checksum mismatch" build/tampered/out; then
    pass "bindings of another library are refused"
  else
    fail "bindings of another library are refused for another reason"
    tail -n 5 build/tampered/log build/tampered/out || true
  fi
}

# The manifests that only Apple's platforms evaluate: the other half of the package's, and that of the repository which
# `cargo xtask swift-package` writes, here around an archive that is none.
check_manifests() {
  local folder=build/manifests url=https://example.com/1.0.0/JetbridgeFFI.xcframework.zip checksum
  rm -rf "$folder"
  mkdir -p "$folder/apple" "$folder/made"
  sed 's/^#if os(Linux)$/#if os(Windows)/' Package.swift >"$folder/apple/Package.swift"
  manifest() { swift_root env "${@:2}" swift package --package-path "$folder/$1" dump-package; }
  if manifest apple >"$folder/app.json" && manifest apple JETBRIDGE_LOCAL_STACK=1 >"$folder/tests.json" &&
    grep -q JetbridgeFFI.xcframework "$folder/app.json" && ! grep -q JetbridgeTests "$folder/app.json" &&
    grep -q JetbridgeTests "$folder/tests.json"; then
    pass "on Apple's platforms, the package has its tests only with the local stack"
  else
    fail "Apple's half of the manifest"
  fi

  echo "no archive" >"$folder/made/JetbridgeFFI.xcframework.zip"
  echo "// generated" >"$folder/made/JetbridgeFFI.swift"
  if cargo xtask swift-package --url "$url" --build "ios/$folder/made" --output "ios/$folder/package" >/dev/null &&
    manifest package >"$folder/package.json" && grep -q '"name" : "Jetbridge"' "$folder/package.json" &&
    checksum=$(swift_root swift package --package-path "$folder/package" compute-checksum \
      "$folder/made/JetbridgeFFI.xcframework.zip") && grep -q "$checksum" "$folder/package.json"; then
    pass "the repository for apps has a manifest, with the checksum that SwiftPM computes"
  else
    fail "the repository for apps"
  fi
}

# Adds up what a report of the tests says.
count_tests() {
  local tests=0 bad=0 line
  while read -r line; do
    [[ $line =~ \ tests=\"([0-9]+)\" ]] && tests=$((tests + BASH_REMATCH[1]))
    [[ $line =~ \ failures=\"([0-9]+)\" ]] && bad=$((bad + BASH_REMATCH[1]))
    [[ $line =~ \ errors=\"([0-9]+)\" ]] && bad=$((bad + BASH_REMATCH[1]))
  done < <(cat build/tests*.xml 2>/dev/null | grep "<testsuite ")
  [ "$tests" -gt 0 ] || fail "no test ran"
  passed=$((passed + tests - bad))
  failed=$((failed + bad))
}

[ "$(uname -s)" = Linux ] || skip "these tests run on Linux; on a Mac, cargo xtask ios-project and the UI tests"
has unshare || skip "unshare is not installed"
install_swift
unshare --mount true 2>/dev/null || skip "mounting needs root"
mkdir -p "$root/jetbridge"
./bindings.sh

options=(--scratch-path build/swift -Xswiftc -warnings-as-errors)
rm -f build/tests*.xml
if swift_root swift build "${options[@]}" --build-tests; then
  status=0
  # Of XCTest, which has none of the tests, and of each start nobody wants to hear.
  swift_root swift test "${options[@]}" --skip-build --xunit-output build/tests.xml 2>&1 |
    sed -E "/^(◇|Test Suite|\t Executed 0)/d" || status=1
  count_tests
  [ "$status" = 0 ] || [ "$failed" -gt 0 ] || fail "the tests did not come to their end"
else
  fail "the package does not build"
fi

mapfile -t sources < <(find . -name '*.swift' -not -path './build/*' -not -path './.build/*' -not -path '*/JetbridgeFFI/*')
if swift_root swift format lint --strict "${sources[@]}"; then pass "style"; else fail "style"; fi
check_bindings
check_manifests

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
