import dev.jetbridge.ConfigException
import dev.jetbridge.CoreSession
import dev.jetbridge.JetbridgeConfig
import dev.jetbridge.ListingRequest
import dev.jetbridge.LocalStack
import dev.jetbridge.LocalStackException
import dev.jetbridge.LocalStackOptions
import dev.jetbridge.LoginOptions
import dev.jetbridge.Recovery
import dev.jetbridge.RemoteService
import dev.jetbridge.Renewed
import dev.jetbridge.SecretStore
import dev.jetbridge.SessionEvent
import dev.jetbridge.SessionException
import dev.jetbridge.SessionObserver
import dev.jetbridge.SessionOptions
import dev.jetbridge.SessionState
import dev.jetbridge.SignInReason
import dev.jetbridge.SignOutMode
import dev.jetbridge.StorageException
import dev.jetbridge.libraryVersion
import dev.jetbridge.memoryStore
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration.Companion.seconds

/** The generated Kotlin and the Rust library together, against the strict local stack, without any Android. */
class BindingsTest {
    private val stack: LocalStack = runBlocking { LocalStack.start(LocalStackOptions()) }
    private val config = JetbridgeConfig.parse(stack.oktaConfigJson(), stack.awsExportsJson())

    @AfterEach
    fun stop() = runBlocking { stack.shutdown() }

    private fun open(store: SecretStore = memoryStore()) = CoreSession.openWithStackClock(config, store, SessionOptions(), stack)

    private suspend fun CoreSession.signIn(login: String = stack.userLogin()): SessionState {
        val url = beginLogin(LoginOptions()).url()
        return completeLogin(stack.signIn(url, login, stack.userPassword()))
    }

    private fun test(block: suspend () -> Unit) = runBlocking(Dispatchers.Default) { withTimeout(60.seconds) { block() } }

    private suspend fun eventually(
        what: String,
        condition: () -> Boolean,
    ) {
        // The surrounding time limit ends a wait in vain; its message is the last one printed.
        while (!condition()) delay(5)
        check(condition()) { what }
    }

    private suspend inline fun <reified E : Throwable> failure(crossinline call: suspend () -> Unit): E {
        val e = runCatching { call() }.exceptionOrNull()
        return e as? E ?: throw AssertionError("expected ${E::class}, got $e")
    }

    @Test
    fun `the whole way from the sign-in page to a listing`() =
        test {
            open().use { session ->
                assertEquals(SessionState.NotLoaded, session.state())
                assertEquals(SessionState.SignedOut, session.restore())
                val state = session.signIn() as SessionState.SignedIn
                assertEquals("Alice Archer", state.user.displayName)
                val pages = session.listObjects(ListingRequest(pageSize = 10u))
                val keys = generateSequence { runBlocking { pages.nextPage() } }.map { it.objects }.toList()
                assertTrue(keys.size > 2, "pages: ${keys.size}")
                assertTrue(keys.flatten().any { it.key == "reports/2026/summary.csv" && it.size == 18_902uL })
                assertTrue(session.details().hasRefreshToken)
                assertNotNull(session.details().awsCredentialsExpireAt)
            }
        }

    @Test
    fun `twenty callers cause one renewal, of tokens and of keys`() =
        test {
            open().use { session ->
                session.signIn()
                session.awsCredentials()
                session.settle()
                val tokens = stack.count("token")
                val keys = stack.count("GetCredentialsForIdentity")
                stack.advanceClock(3_500uL)
                val given =
                    kotlinx.coroutines.coroutineScope { List(20) { async { session.awsCredentials().accessKeyId() } }.awaitAll() }
                assertEquals(1, given.toSet().size)
                assertEquals(tokens + 1u, stack.count("token"))
                assertEquals(keys + 1u, stack.count("GetCredentialsForIdentity"))
            }
        }

    @Test
    fun `a caller that goes away drops nothing`() =
        test {
            open().use { session ->
                val redirect = stack.signIn(session.beginLogin(LoginOptions()).url(), stack.userLogin(), stack.userPassword())
                stack.setLatency(200uL)
                kotlinx.coroutines.coroutineScope {
                    val caller = launch(start = CoroutineStart.UNDISPATCHED) { session.completeLogin(redirect) }
                    caller.cancelAndJoin()
                    assertTrue(caller.isCancelled)
                }
                stack.setLatency(0uL)
                session.settle()
                eventually("signed in all the same") { session.state() is SessionState.SignedIn }
                assertEquals(1u, stack.count("token"))
            }
        }

    @Test
    fun `the sign-in survives the death of the process`() =
        test {
            val store = memoryStore()
            val url = open(store).use { it.beginLogin(LoginOptions()).url() }
            val redirect = stack.signIn(url, stack.userLogin(), stack.userPassword())
            open(store).use { session ->
                assertTrue(session.completeLogin(redirect) is SessionState.SignedIn)
                assertTrue(session.completeLogin(redirect) is SessionState.SignedIn)
                assertEquals(1u, stack.count("token"))
            }
            open(store).use { assertTrue(it.restore() is SessionState.SignedIn) }
        }

    @Test
    fun `errors of every kind come with their fields`() =
        test {
            open().use { session ->
                val required = failure<SessionException.SignInRequired> { session.accessToken() }
                assertEquals(SignInReason.SignedOut, required.reason)
                assertEquals(Recovery.SIGN_IN, required.recovery())

                val foreign =
                    failure<SessionException.UnexpectedRedirect> {
                        session.completeLogin(
                            "com.okta.local-jetbridge:/callback?state=x&code=y",
                        )
                    }
                assertEquals("unexpected_redirect", foreign.kind())

                stack.injectFault("discovery-unavailable", 100u)
                val passing = failure<SessionException.Retryable> { session.beginLogin(LoginOptions()) }
                assertEquals(Recovery.RETRY, passing.recovery())
                stack.injectFault("discovery-unavailable", 0u)

                val no = stack.deny(session.beginLogin(LoginOptions()).url())
                val denied = failure<SessionException.AccessDenied> { session.completeLogin(no) }
                assertEquals(RemoteService.OKTA, denied.service)

                session.signIn()
                stack.injectFault("cognito-roles-misconfigured", 100u)
                val roles = failure<SessionException.Misconfigured> { session.awsCredentials() }
                assertTrue(roles.describe().contains(roles.hint))
                stack.injectFault("cognito-roles-misconfigured", 0u)

                val missing =
                    failure<SessionException.NotFound> { session.listObjects(ListingRequest(bucket = "no-such-bucket")).nextPage() }
                assertEquals("not_found", missing.kind())
                val closed =
                    failure<SessionException.AccessDenied> { session.listObjects(ListingRequest(bucket = "jetbridge-private")).nextPage() }
                assertEquals(RemoteService.S3, closed.service)
            }
        }

    @Test
    fun `a sign-in that was cancelled does not come back`() =
        test {
            open().use { session ->
                val redirect = stack.signIn(session.beginLogin(LoginOptions()).url(), stack.userLogin(), stack.userPassword())
                session.cancelLogin()
                failure<SessionException.UnexpectedRedirect> { session.completeLogin(redirect) }
                assertEquals(0u, stack.count("token"))
            }
        }

    @Test
    fun `all mistakes of a configuration at once`() {
        val e = assertThrows<ConfigException.Invalid> { JetbridgeConfig.parse("{}", "[]") }
        assertTrue(e.problems.map { it.key }.containsAll(listOf("okta_issuer_url", "okta_client_id", "okta_callback_url")))
        assertTrue(e.describe().lines().size >= e.problems.size)
    }

    @Test
    fun `a store that throws something unforeseen is unavailable, not empty`() =
        test {
            val broken =
                object : SecretStore by Map() {
                    override fun load(name: String): ByteArray? = error("a bug with a secret in it: hunter2")
                }
            open(broken).use { session ->
                val state = session.restore() as SessionState.StorageUnavailable
                assertTrue(state.detail.contains("IllegalStateException"), state.detail)
                assertTrue(!state.detail.contains("hunter2"), state.detail)
            }
        }

    @Test
    fun `what a store says about itself arrives`() =
        test {
            val locked =
                object : SecretStore by Map() {
                    override fun load(name: String): ByteArray? = throw StorageException.Unavailable("unlock the phone")
                }
            open(locked).use { session ->
                assertTrue((session.restore() as SessionState.StorageUnavailable).detail.contains("unlock the phone"))
                val e = failure<SessionException.SecureStorage> { session.beginLogin(LoginOptions()) }
                assertTrue(e.mayPass)
            }
        }

    @Test
    fun `an observer hears of state and events, and may throw`() =
        test {
            val states = CopyOnWriteArrayList<SessionState>()
            val events = CopyOnWriteArrayList<SessionEvent>()
            val observer =
                object : SessionObserver {
                    override fun stateChanged(state: SessionState) {
                        states += state
                        error("a bug in the app")
                    }

                    override fun event(event: SessionEvent) {
                        events += event
                    }
                }
            open().use { session ->
                val observation = session.observe(observer)
                eventually("the first state") { states.isNotEmpty() }
                session.restore()
                session.signIn()
                session.awsCredentials()
                eventually("signed in") { states.lastOrNull() is SessionState.SignedIn }
                eventually("renewed") { events.any { it is SessionEvent.Renewed && it.renewed == Renewed.AWS_CREDENTIALS } }
                session.signOut(SignOutMode.LOCAL)
                eventually("signed out") { SessionEvent.SignedOut in events && states.last() is SessionState.SignedOut }
                observation.stop()
            }
        }

    @Test
    fun `signing out in three strengths`() =
        test {
            open().use { session ->
                session.signIn()
                session.signOut(SignOutMode.LOCAL).use {
                    assertNull(it.endSessionUrl())
                    assertTrue(!it.isRevoked())
                }
                session.signIn()
                session.signOut(SignOutMode.REVOKE).use { assertTrue(it.isRevoked()) }
                session.signIn()
                session.signOut(SignOutMode.END_SESSION).use { assertTrue(it.endSessionUrl()!!.contains("id_token_hint")) }
                assertEquals(SessionState.SignedOut, session.state())
            }
        }

    @Test
    fun `nothing that prints itself prints a secret`() =
        test {
            open().use { session ->
                val request = session.beginLogin(LoginOptions())
                val signedIn = session.completeLogin(stack.signIn(request.url(), stack.userLogin(), stack.userPassword()))
                val keys = session.awsCredentials()
                val token = session.accessToken()
                assertEquals(1u, stack.countSecretsIn(token.text()), "the check itself works")
                val printed = listOf(request, signedIn, keys, token, session, session.details(), session.state()).joinToString("\n")
                assertEquals(0u, stack.countSecretsIn(printed), printed)
            }
        }

    @Test
    fun `the stack says when it does not know a fault`() {
        val e = assertThrows<LocalStackException.UnknownFault> { stack.injectFault("no-such-fault", 1u) }
        assertEquals("no-such-fault", e.fault)
    }

    @Test
    fun `the library tells its version`() = assertEquals("0.1.0", libraryVersion())

    /** A store of the shell's own, in memory. */
    private class Map : SecretStore {
        private val values = ConcurrentHashMap<String, ByteArray>()

        override fun load(name: String): ByteArray? = values[name]

        override fun save(
            name: String,
            value: ByteArray,
        ) {
            values[name] = value
        }

        override fun delete(name: String) {
            values.remove(name)
        }

        override fun list(): List<String> = values.keys.toList()
    }
}
