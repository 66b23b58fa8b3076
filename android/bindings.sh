#!/bin/sh
# Why this exists: the library for this machine (with the local stack in it, for the tests) and the Kotlin that belongs to
# it, twice: for the plain JVM and for Android. Generated, so never committed.
set -eu
cd "$(dirname "$0")/.."
out=android/build
fresh=${CARGO_TARGET_DIR:-target}/bindings
generate() { # folder, option
  cargo xtask bindings --language kotlin ${2:+"$2"} >/dev/null
  # Only when it changed: a new date would make every test run again. What Rust no longer exports must not stay behind.
  diff -rq "$fresh/kotlin" "$out/$1" >/dev/null 2>&1 || {
    rm -rf "${out:?}/$1"
    cp -R "$fresh/kotlin" "$out/$1"
  }
}
mkdir -p "$out/rust"
generate bindings
# As the Gradle build does.
generate bindings-android --android
cmp -s "$fresh/libjetbridge_ffi.so" "$out/rust/libjetbridge_ffi.so" || cp "$fresh/libjetbridge_ffi.so" "$out/rust/"
