#!/bin/sh
# Why this exists: the library for this machine (with the local stack in it, for the tests) and the Swift that belongs to
# it, where Package.swift looks for them on Linux. Generated, so never committed. Apps take `cargo xtask xcframework`.
set -eu
cd "$(dirname "$0")/.."
out=ios/build/bindings
fresh=${CARGO_TARGET_DIR:-target}/bindings
cargo xtask bindings --language swift >/dev/null
mkdir -p "$out" ios/Sources/JetbridgeFFI ios/Sources/CJetbridgeFFI
# Only what changed: a new date would have everything compiled again.
put() { cmp -s "$1" "$2" || cp "$1" "$2"; }
put "$fresh/libjetbridge_ffi.so" "$out/libjetbridge_ffi.so"
put "$fresh/swift/JetbridgeFFI.swift" ios/Sources/JetbridgeFFI/JetbridgeFFI.swift
put "$fresh/swift/CJetbridgeFFI.h" ios/Sources/CJetbridgeFFI/CJetbridgeFFI.h
put "$fresh/swift/CJetbridgeFFI.modulemap" ios/Sources/CJetbridgeFFI/module.modulemap
