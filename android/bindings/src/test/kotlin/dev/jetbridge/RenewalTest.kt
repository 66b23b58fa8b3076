package dev.jetbridge

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The second hour of a session, which is where the sample that this project replaces stopped. */
class RenewalTest {
    @Test
    fun `a call after both clocks have run out works without the user`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            val old = session.awsCredentials().accessKeyId()
            stack.advanceClock(TWO_HOURS)
            assertTrue(session.allKeys().isNotEmpty())
            assertNotEquals(old, session.awsCredentials().accessKeyId())
            assertTrue(session.details().idTokenExpiresAt!! > session.details().now)
        }

    @Test
    fun `the observer hears of both clocks`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            session.awsCredentials()
            val recorder = Recorder()
            val observation = session.observe(recorder)
            stack.advanceClock(TWO_HOURS)
            session.awsCredentials()
            val renewed = setOf(recorder.await<SessionEvent.Renewed>().renewed, recorder.await<SessionEvent.Renewed>().renewed)
            assertEquals(setOf(Renewed.TOKENS, Renewed.AWS_CREDENTIALS), renewed)
            observation.stop()
        }

    @Test
    fun `a lost answer to a renewal costs nobody the session`() =
        withStack(LocalStackOptions(rotationGraceSeconds = 60uL)) { stack ->
            val session = stack.session()
            stack.signInTo(session)
            stack.advanceClock(TWO_HOURS)
            stack.injectFault("token-response-lost", 1u)
            assertTrue(session.allKeys().isNotEmpty())
            assertInstanceOf(SessionState.SignedIn::class.java, session.state())
        }

    @Test
    fun `an outage keeps the session, and it works again afterwards`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            stack.advanceClock(TWO_HOURS)
            stack.injectFault("token-unavailable", 1000u)
            assertThrows(SessionException.Retryable::class.java) { runBlocking { session.awsCredentials() } }
            assertInstanceOf(SessionState.SignedIn::class.java, session.state())
            stack.injectFault("token-unavailable", 0u)
            assertTrue(session.allKeys().isNotEmpty())
        }

    @Test
    fun `refused keys and tokens are replaced by others`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            val keys = session.awsCredentials()
            assertNotEquals(keys.accessKeyId(), session.replaceAwsCredentials(keys).accessKeyId())
            val token = session.accessToken()
            assertNotEquals(token.text(), session.replaceAccessToken(token).text())
        }

    private companion object {
        const val TWO_HOURS = 7_500uL
    }
}
