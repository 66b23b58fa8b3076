package dev.jetbridge

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.os.UserManager
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.nio.channels.FileChannel
import java.nio.file.DirectoryIteratorException
import java.nio.file.Files
import java.nio.file.NoSuchFileException
import java.nio.file.StandardCopyOption
import java.nio.file.StandardOpenOption
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.ProviderException
import java.security.UnrecoverableKeyException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * Keeps the session on the device: AES-256-GCM under a key of the Android Keystore that cannot be read out, one file per
 * name in a folder that backups leave out (a restored file could not be decrypted: Keystore keys do not travel).
 *
 * Android loses Keystore keys now and then, or keeps them and can no longer read them, and its Keystore fails for moments.
 * These must not be mixed up: what is lost for good is reported so that the user signs in again; what may pass is tried a
 * few times and then reported as passing. None deletes anything, and none crashes the app. Signing out erases the last file
 * and its key with it, so that the next sign-in begins with a fresh one.
 *
 * @param strongBox keep the key in the device's separate security chip, where there is one that takes it. It is slow (seconds
 *   on some devices) and seldom needed; it takes effect when the key is made, at the first sign-in.
 */
public class KeystoreSecretStore(
    context: Context,
    private val strongBox: Boolean = false,
) : SecretStore {
    private val app = context.applicationContext

    override fun load(name: String): ByteArray? =
        exclusively {
            val sealed =
                try {
                    Files.readAllBytes(file(name).toPath())
                } catch (_: NoSuchFileException) {
                    // The one answer that means "nothing there"; File.exists also says no when it cannot tell.
                    null
                }
            sealed?.let { unseal(name, it) }
        }

    override fun save(
        name: String,
        value: ByteArray,
    ): Unit =
        alone {
            val sealed =
                try {
                    keystore { seal(name, value) }
                } catch (e: StorageException.KeyMissing) {
                    // A key that cannot be read is given up only when there is nothing that it could open one day.
                    if (names().isNotEmpty()) throw e
                    keystore { sealWithNewKey(name, value) }
                }
            replace(file(name), sealed)
        }

    override fun delete(name: String): Unit =
        alone {
            if (Files.deleteIfExists(file(name).toPath())) flush(folder())
            forgetUnusedKey()
        }

    override fun list(): List<String> = exclusively { names() }

    private fun names(): List<String> =
        try {
            Files.newDirectoryStream(folder().toPath(), "*$SUFFIX").use { files -> files.map { "${it.fileName}".removeSuffix(SUFFIX) } }
        } catch (e: DirectoryIteratorException) {
            throw e.cause ?: e
        }

    private fun seal(
        name: String,
        value: ByteArray,
    ): ByteArray =
        try {
            key()?.let { seal(name, value, it) } ?: sealWithNewKey(name, value)
        } catch (e: GeneralSecurityException) {
            // A key that Android declared dead for good opens nothing any more, and with it nothing new could be saved.
            if (!e.isDeath()) throw e
            sealWithNewKey(name, value)
        }

    /**
     * Where the chip cannot make the key, or cannot use it the first time, the Keystore's ordinary hardware serves too.
     *
     * Android documents StrongBoxUnavailableException for that. Its source (keystore2/AndroidKeyStoreKeyGeneratorSpi.java, from
     * Android 12 on) throws it for one error code only, HARDWARE_TYPE_UNAVAILABLE, and ProviderException, with a
     * KeyStoreException inside, for every other. Phones do both (stripe-terminal-android#469, babylon-wallet-android#920), and
     * ciphers give InvalidKeyException (line-sdk-android#189). So the kind of the exception decides nothing.
     */
    private fun sealWithNewKey(
        name: String,
        value: ByteArray,
    ): ByteArray {
        if (strongBox && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P &&
            app.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)
        ) {
            try {
                return seal(name, value, newKey(keySpec().setIsStrongBoxBacked(true)))
            } catch (_: Exception) {
                // What is wrong with more than the chip shows again below.
            }
        }
        return seal(name, value, newKey(keySpec()))
    }

    private fun seal(
        name: String,
        value: ByteArray,
        key: SecretKey,
    ): ByteArray {
        val cipher = Cipher.getInstance(CIPHER).apply { init(Cipher.ENCRYPT_MODE, key) }
        cipher.updateAAD(bound(name))
        // The initialisation vector is the Keystore's choice: it accepts no other.
        return byteArrayOf(FORMAT) + cipher.iv + cipher.doFinal(value)
    }

    private fun unseal(
        name: String,
        sealed: ByteArray,
    ): ByteArray {
        if (sealed.size < HEADER_BYTES + TAG_BITS / 8 || sealed[0] != FORMAT) {
            throw StorageException.Corrupt("the saved session is damaged or of an unknown format; sign in again")
        }
        return keystore {
            // Never a new key here: it could not open what is there.
            val key =
                key() ?: throw StorageException.KeyMissing("the Android Keystore has lost the key of the saved session; sign in again")
            try {
                val cipher = Cipher.getInstance(CIPHER)
                cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, sealed, 1, IV_BYTES))
                cipher.updateAAD(bound(name))
                cipher.doFinal(sealed, HEADER_BYTES, sealed.size - HEADER_BYTES)
            } catch (_: AEADBadTagException) {
                throw StorageException.Corrupt("the saved session does not decrypt; sign in again")
            } catch (e: GeneralSecurityException) {
                if (!e.isDeath()) throw e
                throw StorageException.KeyMissing("Android has invalidated the key of the saved session; sign in again")
            }
        }
    }

    private fun keys(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    private fun key(): SecretKey? = keys().getKey(ALIAS, null) as SecretKey?

    private fun keySpec() =
        KeyGenParameterSpec
            .Builder(ALIAS, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(KEY_BITS)

    private fun newKey(spec: KeyGenParameterSpec.Builder): SecretKey =
        KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).run {
            init(spec.build())
            generateKey()
        }

    /** With the last file goes the key, also one that cannot be read and would keep everybody out from now on. */
    private fun forgetUnusedKey() {
        try {
            if (names().isEmpty()) keys().deleteEntry(ALIAS)
        } catch (_: Exception) {
            // What was to be erased is gone; saving finds its own way with a key that is not.
            return
        }
    }

    /** Runs [work] again when the Keystore fails in a way that may pass, as it does under load and right after start-up. */
    private fun <T> keystore(work: () -> T): T {
        var pause = FIRST_PAUSE_MILLIS
        repeat(ATTEMPTS - 1) {
            try {
                return work()
            } catch (_: GeneralSecurityException) {
                Thread.sleep(pause)
            } catch (_: ProviderException) {
                Thread.sleep(pause)
            }
            pause *= 2
        }
        return try {
            work()
        } catch (e: GeneralSecurityException) {
            throw if (e.isLasting()) unreadable() else unavailable(e)
        } catch (e: ProviderException) {
            throw unavailable(e)
        }
    }

    private fun unreadable() =
        StorageException.KeyMissing("Android can no longer read the key of the saved session; sign out, then sign in again")

    /** The class name only: what a vendor's Keystore writes into its messages is not ours to show. */
    private fun unavailable(e: Exception) =
        StorageException.Unavailable("the Android Keystore does not answer (${e.javaClass.simpleName}); unlock the device and try again")

    private fun folder(): File {
        val users = app.getSystemService(UserManager::class.java)
        if (users != null && !users.isUserUnlocked) {
            throw StorageException.Unavailable("the device was not unlocked since it was started; unlock it and try again")
        }
        val folder = File(app.noBackupFilesDir, FOLDER)
        if (!folder.isDirectory && !folder.mkdirs() && !folder.isDirectory) throw IOException("the folder $FOLDER cannot be made")
        return folder
    }

    private fun file(name: String): File {
        if (!NAME.matches(name)) throw StorageException.Denied("a name with characters that are not allowed")
        return File(folder(), name + SUFFIX)
    }

    /** A crash at any moment leaves the old file or the new one. */
    private fun replace(
        file: File,
        bytes: ByteArray,
    ) {
        val next = File(file.parentFile, file.name + ".new")
        FileOutputStream(next).use {
            it.write(bytes)
            it.fd.sync()
        }
        Files.move(next.toPath(), file.toPath(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING)
        flush(folder())
    }

    /** Makes a rename or a deletion last; where the file system does not offer it, the next flush by the system does. */
    private fun flush(folder: File) {
        try {
            FileChannel.open(folder.toPath(), StandardOpenOption.READ).use { it.force(true) }
        } catch (_: IOException) {
            return
        }
    }

    /** As [exclusively], while no other process of the app makes a key or a file: the later key would shut out the first. */
    private fun <T> alone(work: () -> T): T =
        synchronized(CHANGES) {
            guarded {
                val lockFile = File(folder(), LOCK_FILE).toPath()
                FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE).use { channel ->
                    channel.lock().use { exclusively(work) }
                }
            }
        }

    private fun <T> exclusively(work: () -> T): T = synchronized(LOCK) { guarded(work) }

    private fun <T> guarded(work: () -> T): T =
        try {
            work()
        } catch (e: IOException) {
            throw StorageException.Io("the file system of the device failed (${e.javaClass.simpleName})")
        }

    /** Android has declared the key dead, and says so itself. */
    private fun Throwable.isDeath(): Boolean = causes().any { it is KeyPermanentlyInvalidatedException }

    /** The key is there and cannot be had; only from Android 13 on it says whether that may pass. */
    private fun Throwable.isLasting(): Boolean = causes().any { it is UnrecoverableKeyException } && causes().none { it.mayPass() }

    private fun Throwable.mayPass(): Boolean =
        Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU && this is android.security.KeyStoreException && isTransientFailure

    private fun Throwable.causes(): Sequence<Throwable> = generateSequence(this) { it.cause }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val ALIAS = "dev.jetbridge.session.1"
        const val CIPHER = "AES/GCM/NoPadding"
        const val FOLDER = "jetbridge"
        const val SUFFIX = ".sealed"
        const val LOCK_FILE = "store.lock"
        const val FORMAT: Byte = 1
        const val IV_BYTES = 12
        const val HEADER_BYTES = 1 + IV_BYTES
        const val TAG_BITS = 128
        const val KEY_BITS = 256
        const val ATTEMPTS = 4
        const val FIRST_PAUSE_MILLIS = 50L
        val NAME = Regex("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")

        /** One for the process: two stores of one app work on the same files. */
        val LOCK = Any()

        /** Held longer, while other processes are waited for; who only reads does not wait for them. */
        val CHANGES = Any()

        /** What the ciphertext is tied to, so that one name's file does not pass for another's. */
        fun bound(name: String): ByteArray = byteArrayOf(FORMAT) + name.toByteArray()
    }
}
