//! Android's word on certificates, which only Java has: `CertificateCheck` in the Kotlin library asks it.
//!
//! Bindings are loaded by JNA, which tells Rust nothing about the virtual machine. So the class says by JNI, before the
//! first session, that it is there. A library for a computer's JVM has this too (feature `jvm`), for the tests.

use std::time::{Duration, SystemTime};

use jetbridge::{Distrust, PlatformTrust};
use jni::errors::{Error, ThrowRuntimeExAndDefault};
use jni::objects::{Global, JByteArray, JClass, JObject, JObjectArray, JString, JValue};
use jni::{Env, EnvUnowned, JavaVM, jni_sig, jni_str};

/// Kotlin: `package dev.jetbridge; object CertificateCheck { @JvmStatic external fun install() }`, called after
/// `System.loadLibrary("jetbridge_ffi")`. Calling it again is harmless. What goes wrong is thrown as a `RuntimeException`.
#[expect(unsafe_code, reason = "the JVM finds the function by its symbol")]
#[unsafe(no_mangle)]
extern "system" fn Java_dev_jetbridge_CertificateCheck_install<'caller>(
    mut env: EnvUnowned<'caller>,
    class: JClass<'caller>,
) {
    env.with_env(|env| install(env, &class)).resolve::<ThrowRuntimeExAndDefault>();
}

/// A thread of Rust's own finds only the system's classes by their names (JNI specification, `FindClass`). So the class that
/// called is kept: it is the one to ask.
fn install(env: &mut Env<'_>, class: &JClass<'_>) -> Result<(), Error> {
    jetbridge::set_platform_trust(CertificateCheck { vm: env.get_java_vm()?, class: env.new_global_ref(class)? });
    Ok(())
}

struct CertificateCheck {
    vm: JavaVM,
    class: Global<JClass<'static>>,
}

impl PlatformTrust for CertificateCheck {
    fn check(&self, chain: &[&[u8]], host: &str, now: SystemTime) -> Result<(), Distrust> {
        // Detached again when it returns: a thread that stays attached keeps the virtual machine from ending.
        let answer = self.vm.attach_current_thread_for_scope(|env| self.ask(env, chain, host, now));
        match answer {
            Ok(answer) => read(&answer),
            // An exception's text may say anything; its class is enough.
            Err(Error::CaughtJavaException { name, .. }) => Err(Distrust::Failed(name)),
            Err(error) => Err(Distrust::Failed(error.to_string())),
        }
    }
}

impl CertificateCheck {
    fn ask(&self, env: &mut Env<'_>, chain: &[&[u8]], host: &str, now: SystemTime) -> Result<String, Error> {
        let certificates = JObjectArray::<JByteArray<'_>>::new(env, chain.len(), JByteArray::null())?;
        for (index, certificate) in chain.iter().enumerate() {
            let bytes = env.byte_array_from_slice(certificate)?;
            certificates.set_element(env, index, bytes)?;
        }
        let host = env.new_string(host)?;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let answer = env.call_static_method(
            &self.class,
            jni_str!("check"),
            jni_sig!((byte[][], JString, jlong) -> JString),
            &[JValue::from(&JObject::from(certificates)), JValue::from(&host), JValue::Long(now)],
        )?;
        env.cast_local::<JString<'_>>(answer.l()?)?.try_to_string(env)
    }
}

/// What `CertificateCheck.check` gives: a word, and after a colon the time in milliseconds or what failed. Whatever is none
/// of its words is no trust.
fn read(answer: &str) -> Result<(), Distrust> {
    let (word, detail) = answer.split_once(':').unwrap_or((answer, ""));
    let time = || detail.parse().ok().and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at)));
    Err(match word {
        "trusted" => return Ok(()),
        "expired" => Distrust::Expired(time()),
        "not yet valid" => Distrust::NotYetValid(time()),
        "unknown issuer" => Distrust::UnknownIssuer,
        "revoked" => Distrust::Revoked,
        "malformed" => Distrust::Malformed,
        "wrong purpose" => Distrust::WrongPurpose,
        "refused" => Distrust::Refused,
        "failed" => Distrust::Failed(detail.to_owned()),
        _ => Distrust::Failed("an answer that nobody knows".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_word_is_trust() {
        assert_eq!(read("trusted"), Ok(()));
        for other in ["", "Trusted", "trusted.", "null", "trust", "true"] {
            assert!(matches!(read(other), Err(Distrust::Failed(_))), "{other}");
        }
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_793_491_200_500);
        assert_eq!(read("expired:1793491200500"), Err(Distrust::Expired(Some(at))));
        assert_eq!(read("not yet valid:1793491200500"), Err(Distrust::NotYetValid(Some(at))));
        for none in ["expired", "expired:", "expired:-1", "expired:later"] {
            assert_eq!(read(none), Err(Distrust::Expired(None)), "{none}");
        }
        assert_eq!(read("failed:java.lang.Error"), Err(Distrust::Failed("java.lang.Error".to_owned())));
    }
}
