package dev.jetbridge

import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotSame
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File

/** Several users on one device, over the store and the locks that the sessions have. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class JetbridgeAccountsTest {
    @get:Rule
    val stack = Stack()

    private val app get() = RuntimeEnvironment.getApplication()
    private val accounts by lazy { openAccounts() }

    private fun openAccounts() = JetbridgeAccounts(app, JetbridgeSession.config(stack.local.oktaConfigJson(), stack.local.awsExportsJson()))

    @Before
    fun install() = FakeAndroidKeyStore.install()

    private suspend fun JetbridgeSession.signInAs(login: String): JetbridgeSession {
        manualSignIn.complete(stack.signIn(manualSignIn.begin().url, login))
        settle()
        return this
    }

    @Test
    fun `two users, the choice between them, and signing one of them out`() =
        runBlocking {
            assertEquals(emptyList<JetbridgeAccount>(), accounts.list())
            val alice = accounts.session("default").signInAs(stack.local.userLogin())
            val bob = accounts.session("bob").signInAs("bob@example.com")
            assertEquals(listOf("bob" to false, "default" to true), accounts.list().map { it.name to it.isCurrent })
            assertEquals("default", accounts.current())
            assertSame(bob, accounts.switchTo("bob"))
            assertEquals("after a restart, too", "bob", openAccounts().current())

            val done = accounts.signOut("default", SignOutMode.REVOKE)
            assertTrue("${done.problem}", done.isRevoked)
            assertEquals("whoever shows it sees it", SessionState.SignedOut, alice.state.value)
            assertEquals(listOf("bob"), accounts.list().map { it.name })
            assertTrue("the other one is none of its business", bob.state.value is SessionState.SignedIn)
            bob.close()
            assertNotSame("what is closed is opened anew", bob, accounts.session("bob"))
            listOf("default", "bob").forEach { accounts.session(it).close() }
        }

    @Test
    fun `they take turns with the sessions of other processes`() =
        runBlocking {
            val locks = File(app.noBackupFilesDir, "jetbridge/locks")
            accounts.session("work").signInAs(stack.local.userLogin()).close()
            val before = locks.list()!!.toSet()
            assertTrue("$before", before.isNotEmpty())
            accounts.switchTo("work")
            val added = locks.list()!!.toSet() - before
            assertTrue("$added", added.any { it.endsWith(".accounts.lock") })
        }

    @Test
    fun `what is no account is told as every other error`() {
        fun thrown(call: suspend () -> Unit) = assertThrows(JetbridgeException::class.java) { runBlocking { call() } }
        assertTrue(thrown { accounts.switchTo("nobody") } is JetbridgeException.NotFound)
        assertTrue(thrown { accounts.switchTo("../x") } is JetbridgeException.Misconfigured)
        assertTrue(thrown { accounts.session("../x") } is JetbridgeException.Misconfigured)
    }
}
