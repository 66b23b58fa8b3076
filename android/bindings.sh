#!/bin/sh
# Why this exists: the library for this machine (with the local stack in it, for the tests) and the Kotlin that belongs to
# it, twice: for the plain JVM and for Android. Generated, so never committed.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
out=android/build
cargo build --quiet --locked --package jetbridge-ffi --features local-stack
cargo build --quiet --locked --package uniffi-bindgen
mkdir -p "$out/rust"
# Only when it changed: a new date would make every test run again.
cmp -s "$target/debug/libjetbridge_ffi.so" "$out/rust/libjetbridge_ffi.so" ||
  cp "$target/debug/libjetbridge_ffi.so" "$out/rust/libjetbridge_ffi.so"
generate() { # config, folder
  rm -rf "$out/$2.new"
  "$target/debug/uniffi-bindgen" generate --no-format --language kotlin --config "$1" --out-dir "$out/$2.new" \
    "$target/debug/libjetbridge_ffi.so"
  # What Rust no longer exports must not stay behind.
  if diff -rq "$out/$2.new" "$out/$2" >/dev/null 2>&1; then
    rm -rf "$out/$2.new"
  else
    rm -rf "${out:?}/$2"
    mv "$out/$2.new" "$out/$2"
  fi
}
generate uniffi.toml bindings
# As `cargo xtask bindings --android` does, which the Gradle build calls.
sed 's/^\[crates\.jetbridge_ffi\.bindings\.kotlin\]$/&\nandroid = true/' uniffi.toml >"$out/uniffi-android.toml"
grep -q '^android = true$' "$out/uniffi-android.toml"
generate "$out/uniffi-android.toml" bindings-android
