package dev.jetbridge

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ConcurrentLinkedQueue

/** What Kotlin gives to Rust may throw anything; a session must outlive it. */
class ForeignTraitsTest {
    @AfterEach
    fun quiet() {
        setLogSink(null, LogLevel.ERROR)
    }

    /** A store written in Kotlin, which a test can break. */
    private class KotlinStore : SecretStore {
        val values = ConcurrentHashMap<String, ByteArray>()

        @Volatile
        var breakage: (() -> Throwable)? = null

        private fun <T> orBreak(work: () -> T): T = breakage?.let { throw it() } ?: work()

        override fun load(name: String) = orBreak { values[name] }

        override fun save(
            name: String,
            value: ByteArray,
        ) = orBreak { values[name] = value }

        override fun delete(name: String) {
            orBreak { values.remove(name) }
        }

        override fun list() = orBreak { values.keys.toList() }
    }

    @Test
    fun `a store in Kotlin keeps the session`() =
        withStack { stack ->
            val store = KotlinStore()
            stack.signInTo(stack.session(store))
            assertInstanceOf(SessionState.SignedIn::class.java, stack.session(store).restore())
        }

    @Test
    fun `a store that throws what it may not is taken for unavailable, and nothing in it is touched`() =
        withStack { stack ->
            val store = KotlinStore()
            val session = stack.session(store)
            stack.signInTo(session)
            // The profile comes and is saved a moment after the sign-in.
            session.settle()
            val saved = store.values.mapValues { it.value.toList() }
            store.breakage = { IllegalStateException("token=4711") }
            val restarted = stack.session(store)
            val state = assertInstanceOf(SessionState.StorageUnavailable::class.java, restarted.restore())
            assertFalse("4711" in state.detail)
            assertEquals(saved, store.values.mapValues { it.value.toList() })
            store.breakage = null
            assertInstanceOf(SessionState.SignedIn::class.java, restarted.restore())
        }

    @Test
    fun `each error of a store arrives as what it is`() =
        withStack { stack ->
            val passing =
                mapOf<() -> StorageException, Boolean>(
                    { StorageException.Unavailable("locked") } to true,
                    { StorageException.Corrupt("damaged") } to false,
                    { StorageException.KeyMissing("no key") } to false,
                    { StorageException.Denied("denied") } to false,
                    { StorageException.Io("disk") } to false,
                )
            passing.forEach { (breakage, mayPass) ->
                val store = KotlinStore().apply { this.breakage = breakage }
                val session = stack.session(store)
                val thrown =
                    assertThrows(SessionException.SecureStorage::class.java) {
                        runBlocking { session.beginLogin(LoginOptions()) }
                    }
                assertEquals(mayPass, thrown.mayPass, thrown.detail)
            }
        }

    @Test
    fun `an observer that throws keeps being told`() =
        withStack { stack ->
            val recorder = Recorder()
            val throwing =
                object : SessionObserver {
                    override fun stateChanged(state: SessionState) {
                        recorder.stateChanged(state)
                        error("boom")
                    }

                    override fun event(event: SessionEvent) {
                        recorder.event(event)
                        throw ListenerException.Failed("boom")
                    }
                }
            val session = stack.session()
            val observation = session.observe(throwing)
            stack.signInTo(session)
            withContext(Dispatchers.IO) {
                recorder.awaitState<SessionState.SignedIn>()
                recorder.await<SessionEvent.SignedIn>()
                session.signOut(SignOutMode.LOCAL)
                recorder.await<SessionEvent.SignedOut>()
            }
            observation.stop()
        }

    @Test
    fun `an observer may call the session it observes`() =
        withStack { stack ->
            val session = stack.session()
            val seen = java.util.concurrent.LinkedBlockingQueue<SessionDetails>()
            val observation =
                session.observe(
                    object : SessionObserver {
                        override fun stateChanged(state: SessionState) = Unit

                        override fun event(event: SessionEvent) {
                            if (event is SessionEvent.SignedIn) seen.put(session.details())
                        }
                    },
                )
            stack.signInTo(session)
            assertTrue(withContext(Dispatchers.IO) { seen.next() }.hasRefreshToken)
            observation.stop()
        }

    @Test
    fun `no secret is in the log, in an error or in a record, and a log that throws hurts nobody`() =
        withStack { stack ->
            val lines = ConcurrentLinkedQueue<String>()
            setLogSink(
                object : LogSink {
                    override fun log(
                        level: LogLevel,
                        target: String,
                        text: String,
                    ) {
                        lines.add("$level $target $text")
                        error("a log that fails")
                    }
                },
                LogLevel.TRACE,
            )
            val session = stack.session()
            val request = session.beginLogin(LoginOptions())
            val redirect = stack.signIn(request.url(), stack.userLogin(), stack.userPassword())
            lines += session.completeLogin(redirect).toString()
            lines += session.awsCredentials().toString() + session.accessToken().toString() + request
            session.allKeys()
            stack.advanceClock(7_500u)
            lines += session.userInfo().toString()
            lines += session.details().toString()
            session.allKeys()
            val foreign = redirect.replace("state=", "state=x")
            lines += assertThrows(SessionException::class.java) { runBlocking { session.completeLogin(foreign) } }.toString()
            lines += session.signOut(SignOutMode.END_SESSION).toString()
            session.settle()
            val text = lines.joinToString("\n")
            assertTrue(lines.size > 10, text)
            assertEquals(0u, stack.countSecretsIn(text), text)
            // The check itself can tell: the redirect does hold a secret.
            assertTrue(stack.countSecretsIn(redirect) > 0u)
        }
}
