package dev.jetbridge

import android.content.pm.PackageManager
import android.os.UserManager
import android.security.KeyStoreException
import android.security.keystore.StrongBoxUnavailableException
import dev.jetbridge.testing.FakeAndroidKeyStore
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.io.File
import java.nio.file.Files
import java.security.ProviderException
import javax.crypto.SecretKey
import kotlin.concurrent.thread

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class KeystoreSecretStoreTest {
    private val app get() = RuntimeEnvironment.getApplication()
    private val store by lazy { KeystoreSecretStore(app) }
    private val folder get() = File(app.noBackupFilesDir, "jetbridge")
    private val secret = "a refresh token".toByteArray()

    /** The key stays where it is, and asking for it fails. */
    private fun loseSight(why: KeyStoreException) = FakeAndroidKeyStore.keys.keys.forEach { FakeAndroidKeyStore.unreadable[it] = why }

    private fun file(name: String) = File(folder, "$name.sealed")

    @Before
    fun keystore() = FakeAndroidKeyStore.install()

    @Test
    fun `what was saved is loaded, also by another store of a later process`() {
        store.save("default", secret)
        assertArrayEquals(secret, store.load("default"))
        assertArrayEquals(secret, KeystoreSecretStore(app).load("default"))
        store.save("default", byteArrayOf())
        assertArrayEquals(byteArrayOf(), store.load("default"))
    }

    @Test
    fun `nothing was saved`() {
        assertNull(store.load("default"))
        assertEquals(emptyList<String>(), store.list())
        store.delete("default")
    }

    @Test
    fun `the file is sealed and outside of backups`() {
        store.save("default", secret)
        val bytes = file("default").readBytes()
        assertFalse(bytes.decodeToString().contains("refresh"))
        store.save("default", secret)
        assertFalse("the same text is sealed differently each time", bytes.contentEquals(file("default").readBytes()))
    }

    @Test
    fun `names are listed, whether readable or not, and deleted`() {
        store.save("alice", secret)
        store.save("bob.2", secret)
        file("bob.2").writeBytes(byteArrayOf(7))
        File(folder, "carol.sealed.new").writeBytes(byteArrayOf(1))
        assertEquals(setOf("alice", "bob.2"), store.list().toSet())
        FakeAndroidKeyStore.keys.clear()
        store.delete("bob.2")
        assertEquals(listOf("alice"), store.list())
    }

    @Test
    fun `a lost key is not an empty store and makes no new key`() {
        store.save("default", secret)
        FakeAndroidKeyStore.keys.clear()
        assertThrows(StorageException.KeyMissing::class.java) { store.load("default") }
        assertTrue(file("default").exists())
        assertEquals(0, FakeAndroidKeyStore.keys.size)
        // The way out: a new sign-in saves again.
        store.save("default", secret)
        assertArrayEquals(secret, store.load("default"))
    }

    @Test
    fun `a key that can no longer be read is told, and keeps nobody out once its files are gone`() {
        store.save("alice", secret)
        store.save("bob", secret)
        loseSight(KeyStoreException(KEY_CORRUPTED, "corrupted"))
        val (sealed, key) = file("alice").readBytes() to FakeAndroidKeyStore.keys.values.single()
        assertThrows(StorageException.KeyMissing::class.java) { store.load("alice") }
        assertThrows(StorageException.KeyMissing::class.java) { store.save("alice", byteArrayOf(1)) }
        store.delete("bob")
        assertThrows(StorageException.KeyMissing::class.java) { store.load("alice") }
        assertArrayEquals("nothing was changed", sealed, file("alice").readBytes())
        assertEquals(key, FakeAndroidKeyStore.keys.values.single())

        store.delete("alice")
        assertEquals("the key goes with the last file", 0, FakeAndroidKeyStore.keys.size)
        store.save("alice", secret)
        assertArrayEquals(secret, store.load("alice"))
    }

    @Test
    fun `a key that cannot be read and has nothing to open is replaced`() {
        store.save("default", secret)
        file("default").delete()
        loseSight(KeyStoreException(KEY_CORRUPTED, "corrupted"))
        store.save("default", secret)
        assertArrayEquals(secret, store.load("default"))
    }

    @Test
    fun `a key that Android says can be read again soon is not given up`() {
        store.save("default", secret)
        val busy = KeyStoreException(SECURE_HARDWARE_BUSY, "busy")
        assertTrue(busy.isTransientFailure)
        loseSight(busy)
        assertThrows(StorageException.Unavailable::class.java) { store.load("default") }
        assertThrows(StorageException.Unavailable::class.java) { store.save("default", byteArrayOf(1)) }
        file("default").delete()
        assertThrows(StorageException.Unavailable::class.java) { store.save("default", byteArrayOf(1)) }
    }

    @Test
    fun `a file is erased also when its key cannot be`() {
        store.save("default", secret)
        FakeAndroidKeyStore.failures.set(Int.MAX_VALUE)
        store.delete("default")
        assertFalse(file("default").exists())
        FakeAndroidKeyStore.failures.set(0)
        assertNull(store.load("default"))
    }

    @Test
    fun `a file that was restored from another phone does not decrypt`() {
        store.save("default", secret)
        val foreign = file("default").readBytes()
        FakeAndroidKeyStore.install()
        store.save("default", secret)
        file("default").writeBytes(foreign)
        assertThrows(StorageException.Corrupt::class.java) { store.load("default") }
        assertArrayEquals(foreign, file("default").readBytes())
    }

    @Test
    fun `each damaged byte and each cut is noticed`() {
        store.save("default", secret)
        val right = file("default").readBytes()
        for (at in right.indices) {
            file("default").writeBytes(right.clone().also { it[at] = (it[at] + 1).toByte() })
            assertThrows("byte $at", StorageException.Corrupt::class.java) { store.load("default") }
        }
        for (length in right.indices) {
            file("default").writeBytes(right.copyOf(length))
            assertThrows("length $length", StorageException.Corrupt::class.java) { store.load("default") }
        }
    }

    @Test
    fun `one account's file does not pass for another's`() {
        store.save("alice", secret)
        file("alice").copyTo(file("bob"))
        assertThrows(StorageException.Corrupt::class.java) { store.load("bob") }
    }

    @Test
    fun `a Keystore that fails for a moment is asked again`() {
        store.save("default", secret)
        FakeAndroidKeyStore.failures.set(3)
        assertArrayEquals(secret, store.load("default"))
        FakeAndroidKeyStore.failures.set(3)
        store.save("default", "newer".toByteArray())
        assertArrayEquals("newer".toByteArray(), store.load("default"))
    }

    @Test
    fun `a Keystore that keeps failing may pass, and nothing is lost by it`() {
        store.save("default", secret)
        val before = file("default").readBytes()
        val key = FakeAndroidKeyStore.keys.values.single()
        FakeAndroidKeyStore.failures.set(Int.MAX_VALUE)
        assertThrows(StorageException.Unavailable::class.java) { store.load("default") }
        assertThrows(StorageException.Unavailable::class.java) { store.save("default", byteArrayOf(1)) }
        assertArrayEquals(before, file("default").readBytes())
        FakeAndroidKeyStore.failures.set(0)
        assertEquals(key, FakeAndroidKeyStore.keys.values.single())
        assertArrayEquals(secret, store.load("default"))
    }

    @Test
    fun `before the first unlock the store is unavailable, not empty`() {
        store.save("default", secret)
        val users = shadowOf(app.getSystemService(UserManager::class.java))
        users.setUserUnlocked(false)
        assertThrows(StorageException.Unavailable::class.java) { store.load("default") }
        assertThrows(StorageException.Unavailable::class.java) { store.list() }
        users.setUserUnlocked(true)
        assertArrayEquals(secret, store.load("default"))
    }

    @Test
    fun `a file that the system cannot look at is a failure, not an empty store`() {
        store.save("default", secret)
        file("default").delete()
        // Two links that lead to each other: nobody can say whether there is something at the end of them.
        Files.createSymbolicLink(file("default").toPath(), file("other").toPath())
        Files.createSymbolicLink(file("other").toPath(), file("default").toPath())
        assertThrows(StorageException.Io::class.java) { store.load("default") }
        assertEquals(setOf("default", "other"), store.list().toSet())
    }

    @Test
    fun `a change waits for another process's, and reading does not`() {
        store.save("default", secret)
        val other =
            listOf(
                "import fcntl, sys",
                "file = open(sys.argv[1], 'w')",
                "fcntl.lockf(file, fcntl.LOCK_EX)",
                "print('mine', flush=True)",
                "sys.stdin.read()",
            ).joinToString("\n")
        val process = ProcessBuilder("python3", "-c", other, File(folder, "store.lock").path).start()
        assertEquals("mine", process.inputStream.bufferedReader().readLine())
        val saving = thread { store.save("default", "newer".toByteArray()) }
        saving.join(500)
        assertTrue("it waits", saving.isAlive)
        assertArrayEquals(secret, store.load("default"))
        process.outputStream.close()
        saving.join()
        assertArrayEquals("newer".toByteArray(), store.load("default"))
    }

    @Test
    fun `names that are no file names are refused`() {
        for (name in listOf("", "../escape", "a/b", ".hidden", "a".repeat(129), "ä")) {
            assertThrows(name, StorageException.Denied::class.java) { store.save(name, secret) }
        }
    }

    @Test
    fun `the security chip is used on request only`() {
        shadowOf(app.packageManager).setSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE, true)
        store.save("default", secret)
        assertFalse(
            FakeAndroidKeyStore.specs.values
                .single()
                .isStrongBoxBacked,
        )
        FakeAndroidKeyStore.install()
        KeystoreSecretStore(app, strongBox = true).save("default", secret)
        val spec = FakeAndroidKeyStore.specs.values.single()
        assertTrue(spec.isStrongBoxBacked)
        assertEquals(256, spec.keySize)
    }

    @Test
    fun `a request for a chip that is not there is no failure`() {
        KeystoreSecretStore(app, strongBox = true).save("default", secret)
        assertFalse(
            FakeAndroidKeyStore.specs.values
                .single()
                .isStrongBoxBacked,
        )
    }

    @Test
    fun `a chip that fails in whatever way is no failure either, and is asked once`() {
        shadowOf(app.packageManager).setSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE, true)
        val chips =
            mapOf<String, (SecretKey) -> SecretKey>(
                "full, as documented" to { throw StrongBoxUnavailableException("Failed to generate key") },
                "without an answer, as most phones tell it" to {
                    throw ProviderException("Keystore key generation failed", KeyStoreException(SECURE_HW_COMMUNICATION_FAILED, ""))
                },
                "good for keys and not for using them" to { key ->
                    object : SecretKey by key {
                        override fun getEncoded() = null
                    }
                },
            )
        for ((chip, makes) in chips) {
            FakeAndroidKeyStore.install()
            var asked = 0
            FakeAndroidKeyStore.strongBox = { key ->
                asked++
                makes(key)
            }
            val store = KeystoreSecretStore(app, strongBox = true)
            store.save("default", secret)
            assertArrayEquals(chip, secret, store.load("default"))
            store.save("default", byteArrayOf(1))
            assertEquals(chip, 1, asked)
            assertFalse(
                chip,
                FakeAndroidKeyStore.specs.values
                    .single()
                    .isStrongBoxBacked,
            )
            store.delete("default")
        }
    }

    private companion object {
        /** Codes of Android's Keystore. */
        const val KEY_CORRUPTED = 8
        const val SECURE_HARDWARE_BUSY = -48
        const val SECURE_HW_COMMUNICATION_FAILED = -49
    }
}
