package dev.jetbridge

import android.os.Build

/**
 * Loads the Rust library and gives it [CertificateCheck].
 *
 * JNA, which the bindings use, loads the library by itself but binds no JNI function.
 */
internal object NativeLibrary {
    private const val NAME = "jetbridge_ffi"
    private var isLoaded = false

    /**
     * Before the first call into Rust, whichever it is. Safe to call often; only the first call does something.
     *
     * A library of another build than the bindings is a mistake of the app's build, and calls would go wrong in silence: it
     * is an error that no app is meant to catch. The bindings compare when they are told to, not by themselves.
     *
     * @throws JetbridgeException.LibraryMissing when the app has no library for this device
     */
    @Synchronized
    fun load() {
        if (isLoaded) return
        load(NAME)
        uniffiEnsureInitialized()
        CertificateCheck.install()
        isLoaded = true
    }

    /** JNA would load the library by itself, and end in an error without a type. */
    fun load(name: String) {
        try {
            System.loadLibrary(name)
        } catch (e: UnsatisfiedLinkError) {
            throw JetbridgeException.LibraryMissing(Build.SUPPORTED_ABIS.toList(), e)
        }
    }
}
