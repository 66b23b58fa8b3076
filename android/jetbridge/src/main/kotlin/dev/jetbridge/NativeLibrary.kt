package dev.jetbridge

import android.content.Context
import android.os.Build
import android.util.Log

/**
 * Loads the Rust library and tells it about Android.
 *
 * JNA, which the bindings use, loads the library by itself but binds no JNI function. The check of TLS certificates by
 * the device's own rules (which know the roots that a company installed) needs the JavaVM and the Context, and only JNI
 * can hand them over.
 */
internal object NativeLibrary {
    private const val NAME = "jetbridge_ffi"
    private const val TAG = "Jetbridge"
    private var isLoaded = false
    private var isStarted = false

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
        isLoaded = true
    }

    /** As [load], and before the first session. */
    @Synchronized
    fun start(context: Context) {
        if (isStarted) return
        load()
        try {
            initialize(context.applicationContext)
        } catch (e: UnsatisfiedLinkError) {
            // Only a library for another system lacks the function, as in tests on a computer. It asks that system's roots.
            Log.w(TAG, "The native library was not built for Android.")
        }
        isStarted = true
    }

    /** JNA would load the library by itself, and end in an error without a type. */
    fun load(name: String) {
        try {
            System.loadLibrary(name)
        } catch (e: UnsatisfiedLinkError) {
            throw JetbridgeException.LibraryMissing(Build.SUPPORTED_ABIS.toList(), e)
        }
    }

    @JvmStatic
    private external fun initialize(context: Context)
}
