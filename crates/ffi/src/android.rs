//! Android's start-up: the one function that Kotlin calls through JNI, before anything else of this library.
//!
//! Bindings are loaded by JNA, which tells Rust neither the virtual machine nor the app. The platform's TLS verifier needs
//! both: it asks the system, through Java, whether a certificate is to be trusted.

use jni::errors::ThrowRuntimeExAndDefault;
use jni::objects::{JClass, JObject};
use jni::{Env, EnvUnowned};

/// Kotlin: `package dev.jetbridge; object NativeLibrary { @JvmStatic external fun initialize(context: Context) }`, called
/// after `System.loadLibrary("jetbridge_ffi")`. Calling it again is harmless. What goes wrong is thrown as a
/// `RuntimeException`.
#[expect(unsafe_code, reason = "the JVM finds the function by its symbol")]
#[unsafe(no_mangle)]
extern "system" fn Java_dev_jetbridge_NativeLibrary_initialize<'caller>(
    mut env: EnvUnowned<'caller>,
    _class: JClass<'caller>,
    context: JObject<'caller>,
) {
    env.with_env(|env| initialize(env, context)).resolve::<ThrowRuntimeExAndDefault>();
}

fn initialize(env: &mut Env<'_>, context: JObject<'_>) -> Result<(), jni::errors::Error> {
    rustls_platform_verifier::android::init_with_env(env, context)?;
    jetbridge::platform_tls_is_ready();
    Ok(())
}
