package dev.jetbridge

import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File
import java.net.ServerSocket

/** A debug build of an app, and the local stack as the command line starts it: without any file in between. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class LocalStackTest {
    private val port = fivePortsInARow()

    @get:Rule
    val stack = Stack(LocalStackOptions(port = port.toUShort()))

    @Before
    fun install() = FakeAndroidKeyStore.install()

    @Test
    fun `one line opens a session, which signs in and lists`() =
        runBlocking {
            JetbridgeSession.localStack(RuntimeEnvironment.getApplication(), port).use { session ->
                session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
                assertTrue(
                    session
                        .objects()
                        .first()
                        .key
                        .isNotEmpty(),
                )
                assertEquals(JetbridgeSession.config(stack.local.oktaConfigJson(), stack.local.awsExportsJson()).bucket(), session.bucket)
            }
        }

    @Test
    fun `uploads are remembered in the app's own folder, without a word from the app`() =
        runBlocking {
            val app = RuntimeEnvironment.getApplication()
            val folder = File(app.noBackupFilesDir, "jetbridge/transfers")

            fun uploads() = folder.walk().filter { it.isFile }.count()
            val file = File(app.cacheDir, "large.bin").apply { writeBytes(ByteArray(PART + 1)) }
            JetbridgeSession.localStack(app, port).use { session ->
                session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
                stack.local.setLatency(300u)
                val remembered = mutableListOf<Int>()
                session.uploadFile("large.bin", file, options = TransferOptions(partSize = PART.toULong())) { remembered += uploads() }
                assertTrue("$remembered", 1 in remembered)
                assertEquals(0, uploads())
            }
        }

    /** Nobody promises that they stay free until the stack takes them; nobody else here asks for any. */
    private fun fivePortsInARow(): Int =
        generateSequence { ServerSocket(0).use { it.localPort } }.first { first ->
            (first + 1..first + 4).all { runCatching { ServerSocket(it).close() }.isSuccess }
        }

    private companion object {
        /** The least that S3 takes for a part (Amazon S3 user guide, "Amazon S3 multipart upload limits"). */
        const val PART = 5 * 1024 * 1024
    }
}
