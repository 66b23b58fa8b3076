#!/bin/sh
# Why this exists: the library for this machine (with the local stack in it, for the tests) and the Swift that belongs to
# it, where Package.swift looks for them on Linux. Generated, so never committed. Apps take `cargo xtask xcframework`.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
out=ios/build/bindings
cargo build --quiet --locked --package jetbridge-ffi --features local-stack
cargo build --quiet --locked --package uniffi-bindgen
mkdir -p "$out"
library=libjetbridge_ffi.so
# Only what changed: a new date would have everything compiled again.
put() { cmp -s "$1" "$2" || cp "$1" "$2"; }
put "$target/debug/$library" "$out/$library"
rm -rf "$out/swift"
"$target/debug/uniffi-bindgen" generate --no-format --language swift --config uniffi.toml --out-dir "$out/swift" \
  "$out/$library"
mkdir -p ios/Sources/JetbridgeFFI ios/Sources/CJetbridgeFFI
put "$out/swift/JetbridgeFFI.swift" ios/Sources/JetbridgeFFI/JetbridgeFFI.swift
put "$out/swift/CJetbridgeFFI.h" ios/Sources/CJetbridgeFFI/CJetbridgeFFI.h
put "$out/swift/CJetbridgeFFI.modulemap" ios/Sources/CJetbridgeFFI/module.modulemap
