#!/bin/bash
# Everything of the Swift package that can be tested on Linux, from a clean clone on. Generates the bindings from a library
# with the local stack in it, compiles all of the package against stubs of Apple's modules, runs the tests, checks the
# style, sees bindings of another library refused, and prints how many tests ran.
#
# By two editions of Swift: 6.0, the oldest that the package is for (Xcode 16.0), and 6.2 or newer (Xcode 26), the first
# that knows what new projects of Xcode 26 set. The newer one runs all tests and compiles what users write in their mode.
set -euo pipefail
cd "$(dirname "$0")"
. ./root.sh
times=() noted=0

# Notes how long something took: all since the note before.
took() {
  times+=("$((SECONDS - noted)) s: $1")
  noted=$SECONDS
}

# A program over the bindings, changed by a sed script.
program() { # name, sed script
  mkdir -p "build/$1"
  sed -E "$2" Sources/JetbridgeFFI/JetbridgeFFI.swift >"build/$1/JetbridgeFFI.swift"
  echo 'print(libraryVersion())' >"build/$1/main.swift"
  in_root "$older" swiftc -swift-version 5 -module-name Program -I Sources/CJetbridgeFFI "build/$1/JetbridgeFFI.swift" \
    "build/$1/main.swift" -L build/bindings -ljetbridge_ffi -Xlinker -rpath -Xlinker /jetbridge/ios/build/bindings \
    -Xlinker --allow-shlib-undefined -o "build/$1/program" >"build/$1/log" 2>&1 || return 1
  in_root "$older" "build/$1/program" >"build/$1/out" 2>&1
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
  manifest() { in_root "$older" env "${@:2}" swift package --package-path "$folder/$1" dump-package; }
  if manifest apple >"$folder/app.json" && manifest apple JETBRIDGE_LOCAL_STACK=1 >"$folder/tests.json" &&
    grep -q JetbridgeFFI.xcframework "$folder/app.json" && ! grep -q JetbridgeTests "$folder/app.json" &&
    grep -q JetbridgeTests "$folder/tests.json"; then
    pass "on Apple's platforms, the package has its tests only with the local stack"
  else
    fail "Apple's half of the manifest"
  fi

  # SwiftPM would fetch what the AWS SDK needs for everybody: see JetbridgeAWS/Package.swift.
  if in_root "$older" swift package --package-path JetbridgeAWS --scratch-path "$folder/scratch" dump-package \
    >"$folder/aws.json" && grep -q '"name" : "JetbridgeAWS"' "$folder/aws.json" &&
    grep -q "smithy-swift" "$folder/aws.json" && ! grep -q '"sourceControl"' "$folder/app.json"; then
    pass "the AWS SDK is needed by its own package, and by no other"
  else
    fail "the package for the AWS SDK"
  fi

  echo "no archive" >"$folder/made/JetbridgeFFI.xcframework.zip"
  echo "// generated" >"$folder/made/JetbridgeFFI.swift"
  if cargo xtask swift-package --url "$url" --build "ios/$folder/made" --output "ios/$folder/package" >/dev/null &&
    manifest package >"$folder/package.json" && grep -q '"name" : "Jetbridge"' "$folder/package.json" &&
    checksum=$(in_root "$older" swift package --package-path "$folder/package" compute-checksum \
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

# Builds all of the package and its tests, and runs the tests, or those that match.
test_package() { # name, root, options of `swift test`, options of the compiler
  local name=$1 root=$2 filter=$3 status=0 flag
  # What a debugger needs takes time, and nobody looks at it. The index is how SwiftPM finds the tests.
  local options=(--scratch-path "build/$name" -debug-info-format none -Xswiftc -warnings-as-errors)
  shift 3
  for flag in "$@"; do options+=(-Xswiftc "$flag"); done
  if ! in_root "$root" swift build "${options[@]}" --build-tests; then
    fail "$name: the package does not build"
    return
  fi
  took "$name: compile"
  # Of XCTest, which has none of the tests, and of each start nobody wants to hear.
  in_root "$root" swift test "${options[@]}" $filter --skip-build --xunit-output "build/tests-$name.xml" 2>&1 |
    tee "build/tests-$name.log" | sed -E "/^(◇|Test Suite|\t Executed 0)/d" || status=1
  took "$name: run"
  [ "$status" = 0 ] || grep -qsE '(failures|errors)="[1-9]' "build/tests-$name"*.xml || {
    fail "$name: the tests did not come to their end"
    sed -nE 's/^◇ Test (".*") started\.$/\1/p' "build/tests-$name.log" |
      grep -vxFf <(sed -nE 's/^[✔✘] Test (".*")( with .*)? (passed|failed) after .*/\1/p' "build/tests-$name.log") |
      sed 's/^/it was at: /' || true
  }
}

# Checks the types of files, with the modules of the newer build behind those in build/NAME.
check_types() { # name, options and files
  local name=$1
  shift
  in_root "$newer" swiftc -typecheck -parse-as-library -warnings-as-errors -D DEBUG -I "build/$name" -I "$modules" \
    -Xcc -fmodule-map-file=Sources/CJetbridgeFFI/module.modulemap "$@" >"build/$name.log" 2>&1
}

# Compiles to a module what other files are to see in build/NAME.
make_module() { # name, module, options and files
  local name=$1 module=$2
  shift 2
  in_root "$newer" swiftc -emit-module -parse-as-library -swift-version 6 -D DEBUG -I "build/$name" -I "$modules" \
    -Xcc -fmodule-map-file=Sources/CJetbridgeFFI/module.modulemap -module-name "$module" \
    -emit-module-path "build/$name/$module.swiftmodule" "$@" >"build/$name.log" 2>&1
}

# What users write, in the mode of their projects, and of ours, which is Swift 6. The settings that a new project of Xcode
# 26 has are SWIFT_VERSION 5.0, SWIFT_DEFAULT_ACTOR_ISOLATION MainActor, SWIFT_APPROACHABLE_CONCURRENCY and
# SWIFT_UPCOMING_FEATURE_MEMBER_IMPORT_VISIBILITY (project files of such apps on GitHub). Which flags these are in which
# mode is in Swift.xcspec of swiftlang/swift-build (41aee62); the language's rules in SE-0444, SE-0461, SE-0466, SE-0470.
visible=(-enable-upcoming-feature MemberImportVisibility)
main_actor=(-default-isolation MainActor -enable-upcoming-feature NonisolatedNonsendingByDefault
  -enable-upcoming-feature InferIsolatedConformances)
in_swift_5=(-swift-version 5 -enable-upcoming-feature DisableOutwardActorInference
  -enable-upcoming-feature GlobalActorIsolatedTypesUsability -enable-upcoming-feature InferSendableFromCaptures)

check_users_code() {
  local guide=Tests/JetbridgeTests/Guide
  local -A code=(["the guide's code"]="$guide/FilesApp.swift $guide/Sample.swift" ["the app"]=$(echo App/Sources/*.swift))
  local what mode
  mkdir -p build/users
  for what in "${!code[@]}"; do
    for mode in "-swift-version 6" "${in_swift_5[*]}"; do
      # Both are several words.
      # shellcheck disable=SC2086
      if check_types users -module-name App "${visible[@]}" "${main_actor[@]}" $mode ${code[$what]}; then
        pass "$what compiles as in a new project of Xcode 26 (${mode:1:15})"
      else
        fail "$what does not compile as in a new project of Xcode 26 (${mode:1:15})"
        cat build/users.log
      fi
    done
  done
}

# That the flags do something: what must not compile with them does not, for their reason, and does without them.
check_flags() {
  local sample=(-swift-version 6 Tests/JetbridgeTests/Guide/{FilesApp,Sample}.swift)
  # The package as it would be without its export.
  mkdir -p build/flags/sources
  cp Sources/Jetbridge/*.swift "$derived/resource_bundle_accessor.swift" build/flags/sources
  sed -i '/^@_exported/d' build/flags/sources/Types.swift
  cat >build/flags/isolation.swift <<'END'
func ofTheDefault() {}
nonisolated func ofNoActor() { ofTheDefault() }
END
  if make_module flags Jetbridge build/flags/sources/*.swift &&
    ! check_types flags -module-name App "${visible[@]}" "${sample[@]}" &&
    grep -q "error: .*missing import of defining module 'JetbridgeFFI'" build/flags.log &&
    check_types flags -module-name App "${sample[@]}"; then
    pass "MemberImportVisibility shows a missing export"
  else
    fail "MemberImportVisibility does not show a missing export"
    cat build/flags.log
  fi
  if ! check_types flags -module-name App -swift-version 6 "${main_actor[@]}" build/flags/isolation.swift &&
    grep -q "error: call to main actor-isolated" build/flags.log &&
    check_types flags -module-name App -swift-version 6 build/flags/isolation.swift; then
    pass "the default isolation is the main actor"
  else
    fail "the default isolation is not the main actor"
    cat build/flags.log
  fi
}

# The package against other editions of Apple's modules than the one that its tests have: see the stubs.
check_edition() { # name, what it is, the module of windows, options for AuthenticationServices
  local name=$1 what=$2 windows=$3 module
  shift 3
  rm -rf "build/$name"
  mkdir -p "build/$name"
  for module in JetbridgeFFI SwiftUI CoreTransferable UniformTypeIdentifiers AppleFoundation Security; do cp "$modules/$module.swiftmodule" "build/$name/"; done
  if modules="build/$name" make_module "$name" "$windows" Stubs/"$windows"/*.swift &&
    modules="build/$name" make_module "$name" AuthenticationServices "$@" Stubs/AuthenticationServices/*.swift &&
    modules="build/$name" check_types "$name" -module-name Jetbridge -swift-version 6 Sources/Jetbridge/*.swift \
      "$derived/resource_bundle_accessor.swift"; then
    pass "the package compiles for $what"
  else
    fail "the package does not compile for $what"
    cat "build/$name.log"
  fi
}

[ "$(uname -s)" = Linux ] || skip "these tests run on Linux; on a Mac, cargo xtask ios-project and the UI tests"
has unshare || skip "unshare is not installed"
install_swift "$older" trixie
install_swift "$newer" sid
unshare --mount true 2>/dev/null || skip "mounting needs root"
mkdir -p "$older/jetbridge" "$newer/jetbridge"
took "the roots"
./bindings.sh
took "the core and its bindings"

rm -f build/tests*.xml
test_package swift "$older" "--filter OneImport|Keychain|WebAuthentication|FilesView|HomeState"
# Debian's 6.2.3 has what Testing adds to Foundation without its library, and links it all the same.
test_package swift-newer "$newer" "" "${visible[@]}" -Xfrontend -disable-cross-import-overlays
count_tests

built=build/swift-newer/x86_64-pc-linux-gnu/debug
modules=$built/Modules derived=$built/Jetbridge.build/DerivedSources
check_users_code
check_flags
check_edition unannotated "a presentation context of no actor" UIKit -D XCODE_15
check_edition mac "a Mac's windows" AppKit
took "what users write, and other editions of Apple's modules"

mapfile -t sources < <(find . -name '*.swift' -not -path './build/*' -not -path './.build/*' -not -path '*/JetbridgeFFI/*')
if in_root "$older" swift format lint --strict "${sources[@]}"; then pass "style"; else fail "style"; fi
took "style"
check_bindings
took "programs over the bindings"
check_manifests
took "manifests"

printf 'took %s\n' "${times[@]}"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
