package dev.jetbridge

/**
 * A store that forgets everything with the process: for tests, previews, and sessions that should leave no trace. Two sessions
 * over one such store are as two processes over one file.
 *
 * @throws JetbridgeException.LibraryMissing when there is no native library, which it is part of
 */
@Suppress("FunctionName")
public fun MemorySecretStore(): SecretStore {
    NativeLibrary.load()
    return memoryStore()
}
