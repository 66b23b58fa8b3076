//! A library of two functions without even Rust's core library, so that it compiles and links for every target of Apple's
//! here: no standard library has to be there for it.
#![feature(no_core, lang_items)]
#![no_core]
#![allow(internal_features, unexpected_cfgs)]

#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "copy"]
pub trait Copy {}
impl Copy for i32 {}

#[link(name = "System")]
unsafe extern "C" {
    fn getpid() -> i32;
}

#[unsafe(no_mangle)]
pub extern "C" fn ffi_jetbridge_ffi_uniffi_contract_version() -> i32 {
    30
}

#[unsafe(no_mangle)]
pub extern "C" fn uniffi_jetbridge_ffi_fn_func_process() -> i32 {
    unsafe { getpid() }
}

/// What a library of somebody else's would export.
#[cfg(more)]
#[unsafe(no_mangle)]
pub extern "C" fn getpid_of_somebody() -> i32 {
    7
}
