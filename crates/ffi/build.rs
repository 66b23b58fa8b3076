//! How the Android library is linked, whoever links it: Gradle with the NDK, or `cargo xtask android-size`.

#![expect(clippy::disallowed_macros, reason = "cargo reads it")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| std::env::var(variable).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "android") {
        // A relocation takes 24 bytes; packed, as Android's linker reads them since API 23, hardly one.
        println!("cargo::rustc-cdylib-link-arg=-Wl,--pack-dyn-relocs=android");
        // Only what is shipped is worth the time.
        if is("OPT_LEVEL", "z") {
            println!("cargo::rustc-cdylib-link-arg=-Wl,--icf=all");
        }
    }
}
