package dev.jetbridge.device

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import dev.jetbridge.KeystoreSecretStore
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
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
        val file = File(app.noBackupFilesDir, "jetbridge/default.sealed")
        assertFalse("refresh" in file.readBytes().decodeToString())
    }

    @Test
    fun aSecurityChipServesWhereThereIsOneAndIsNoFailureWhereNot() {
        val chip = KeystoreSecretStore(app, strongBox = true)
        chip.save("default", secret)
        assertArrayEquals(secret, chip.load("default"))
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
