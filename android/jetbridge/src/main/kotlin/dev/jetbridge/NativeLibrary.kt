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
    private var ready = false

    /**
     * Safe to call often; only the first call does something.
     *
     * @throws JetbridgeException.LibraryMissing when the app has no library for this device
     */
    @Synchronized
    fun start(context: Context) {
        if (ready) return
        load()
        try {
            initialize(context.applicationContext)
        } catch (e: UnsatisfiedLinkError) {
            // Only a library that was not built for Android lacks the function. It verifies certificates by itself.
            Log.w(TAG, "The native library was built without Android support: it trusts public certificate roots only.")
        }
        ready = true
    }

    /**
     * Enough for what needs no network. JNA would load the library by itself, and end in an error without a type.
     *
     * @throws JetbridgeException.LibraryMissing when the app has no library for this device
     */
    fun load(name: String = NAME) {
        try {
            System.loadLibrary(name)
        } catch (e: UnsatisfiedLinkError) {
            throw JetbridgeException.LibraryMissing(Build.SUPPORTED_ABIS.toList(), e)
        }
    }

    @JvmStatic
    private external fun initialize(context: Context)
}
