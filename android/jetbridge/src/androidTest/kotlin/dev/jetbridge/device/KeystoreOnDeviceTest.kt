package dev.jetbridge.device

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import dev.jetbridge.KeystoreSecretStore
import dev.jetbridge.StorageException
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import java.io.File
import java.security.KeyStore

/** What the store promises, in the Keystore and the files of the device that runs this. */
@RunWith(AndroidJUnit4::class)
class KeystoreOnDeviceTest {
    private val app = InstrumentationRegistry.getInstrumentation().targetContext
    private val store = KeystoreSecretStore(app)
    private val secret = "a refresh token".toByteArray()
    private val keys get() = KeyStore.getInstance("AndroidKeyStore").apply { load(null) }

    private fun file(name: String) = File(app.noBackupFilesDir, "jetbridge/$name.sealed")

    @Before
    @After
    fun clear() = store.list().forEach(store::delete)

    @Test
    fun whatWasSavedIsLoadedByAnotherStoreAsWell() {
        store.save("default", secret)
        assertArrayEquals(secret, KeystoreSecretStore(app).load("default"))
        store.save("default", byteArrayOf())
        assertArrayEquals(byteArrayOf(), store.load("default"))
    }

    @Test
    fun nothingWasSaved() {
        assertNull(store.load("default"))
        store.delete("default")
        assertEquals(emptyList<String>(), store.list())
    }

    @Test
    fun theFileIsSealedAndOutsideOfBackups() {
        store.save("default", secret)
        assertFalse("refresh" in file("default").readBytes().decodeToString())
    }

    @Test
    fun aSecurityChipServesWhereThereIsOneAndIsNoFailureWhereNot() {
        val chip = KeystoreSecretStore(app, strongBox = true)
        chip.save("default", secret)
        assertArrayEquals(secret, chip.load("default"))
    }

    /** What Android does now and then: developer.android.com/privacy-and-security/keystore, and aws-amplify/amplify-android#2548. */
    @Test
    fun aKeyThatIsLostIsToldAndIsNoEmptyStore() {
        store.save("default", secret)
        keys.aliases().toList().forEach(keys::deleteEntry)
        assertThrows(StorageException.KeyMissing::class.java) { store.load("default") }
        assertTrue(file("default").exists())
        store.save("default", secret)
        assertArrayEquals(secret, store.load("default"))
    }

    @Test
    fun aFileThatWasChangedIsToldAndStays() {
        store.save("default", secret)
        val changed = file("default").readBytes().also { it[it.size - 1] = (it.last() + 1).toByte() }
        file("default").writeBytes(changed)
        assertThrows(StorageException.Corrupt::class.java) { store.load("default") }
        assertArrayEquals(changed, file("default").readBytes())
    }

    @Test
    fun aFileOfAnotherNameDoesNotOpen() {
        store.save("alice", secret)
        file("alice").copyTo(file("bob"))
        assertThrows(StorageException.Corrupt::class.java) { store.load("bob") }
    }

    @Test
    fun theKeyGoesWithTheLastFile() {
        store.save("alice", secret)
        store.save("bob", secret)
        store.delete("alice")
        assertArrayEquals(secret, store.load("bob"))
        assertEquals(1, keys.size())
        store.delete("bob")
        assertEquals(0, keys.size())
    }
}
