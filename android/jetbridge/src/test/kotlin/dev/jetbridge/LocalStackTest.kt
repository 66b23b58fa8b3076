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

    /** Nobody promises that they stay free until the stack takes them; nobody else here asks for any. */
    private fun fivePortsInARow(): Int =
        generateSequence { ServerSocket(0).use { it.localPort } }.first { first ->
            (first + 1..first + 4).all { runCatching { ServerSocket(it).close() }.isSuccess }
        }
}
