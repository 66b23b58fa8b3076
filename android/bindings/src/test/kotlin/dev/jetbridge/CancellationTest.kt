package dev.jetbridge

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** A cancelled coroutine drops the Rust future half-way. What must not be lost has to be finished all the same. */
class CancellationTest {
    @Test
    fun `an exchange whose caller goes away is finished`() =
        withStack { stack ->
            val session = stack.session()
            val recorder = Recorder()
            val observation = session.observe(recorder)
            val redirect = stack.redirectFor(session)
            stack.setLatency(300u)
            coroutineScope {
                val before = stack.count("token")
                val caller = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { session.completeLogin(redirect) }
                // Counted when the code is spent and the answer on its way: the worst moment to go.
                withContext(Dispatchers.Default) { while (stack.count("token") == before) Thread.onSpinWait() }
                caller.cancelAndJoin()
            }
            stack.setLatency(0u)
            withContext(Dispatchers.IO) { recorder.awaitState<SessionState.SignedIn>() }
            assertInstanceOf(SessionState.SignedIn::class.java, session.state())
            observation.stop()
        }

    @Test
    fun `a renewal whose callers all go away is finished and saved`() =
        withStack(LocalStackOptions(rotationGraceSeconds = 0uL)) { stack ->
            val store = memoryStore()
            val session = stack.session(store)
            stack.signInTo(session)
            session.settle()
            stack.advanceClock(7_500u)
            stack.setLatency(300u)
            val before = stack.count("token")
            coroutineScope {
                val callers =
                    List(3) { async(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { session.awsCredentials() } }
                withContext(Dispatchers.Default) { while (stack.count("token") == before) Thread.onSpinWait() }
                callers.forEach { it.cancelAndJoin() }
            }
            session.settle()
            stack.setLatency(0u)
            // Without grace, a rotated refresh token that was not saved would end the session here.
            val restarted = stack.session(store)
            assertInstanceOf(SessionState.SignedIn::class.java, restarted.restore())
            stack.advanceClock(7_500u)
            assertTrue(restarted.allKeys().isNotEmpty())
        }

    @Test
    fun `a caller that stops waiting for a page loses none`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            val all = session.allKeys()
            val pages = session.listObjects(ListingRequest(pageSize = 3u))
            stack.setLatency(200u)
            coroutineScope {
                // Undispatched, it has asked Rust for the page when this returns; the answer takes a while.
                val caller = launch(start = CoroutineStart.UNDISPATCHED) { pages.nextPage() }
                caller.cancelAndJoin()
            }
            stack.setLatency(0u)
            val rest = buildList { while (true) addAll(pages.nextPage()?.objects?.map { it.key } ?: break) }
            assertEquals(all.size, rest.size)
            assertEquals(all, rest)
        }
}
