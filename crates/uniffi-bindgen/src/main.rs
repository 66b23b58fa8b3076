//! UniFFI's generator as a program of this workspace: its version is that of the library, or the two would not fit.

fn main() {
    uniffi::uniffi_bindgen_main();
}
