package dev.jetbridge.device

import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.SessionState
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith

/** The first things that an app does: the library is there, speaks with these bindings, and opens a session. */
@RunWith(AndroidJUnit4::class)
class StartUpTest {
    private val app = InstrumentationRegistry.getInstrumentation().targetContext

    @Test
    fun theNativeLibraryAnswers() {
        assertThrows(JetbridgeException.InvalidConfiguration::class.java) { JetbridgeSession.config("{}", "{}") }
    }

    @Test
    fun theFirstSessionOpensAndFindsNobody() {
        JetbridgeSession.open(app, JetbridgeSession.config(OKTA, AWS)).use { session ->
            val state = runBlocking { session.restore() }
            assertTrue("$state", state is SessionState.SignedOut)
        }
    }

    /** As apps open it in their `onCreate`. */
    @Test
    fun aSessionOpensOnTheMainThreadAndAgainAfterItWasClosed() {
        repeat(2) {
            var opened: JetbridgeSession? = null
            InstrumentationRegistry.getInstrumentation().runOnMainSync {
                opened = JetbridgeSession.open(app, JetbridgeSession.config(OKTA, AWS))
            }
            opened!!.use { session -> assertTrue(runBlocking { session.restore() } is SessionState.SignedOut) }
        }
    }

    private companion object {
        const val OKTA =
            """{"okta_issuer_url": "https://dev-12345678.okta.com/oauth2/default", "okta_client_id": "0oa12345678abcdef5d7",
            "okta_callback_url": "com.okta.dev-12345678:/callback"}"""
        const val AWS =
            """{"Auth": {"identityPoolId": "eu-central-1:01234567-89ab-cdef-0123-456789abcdef", "region": "eu-central-1"},
            "Storage": {"AWSS3": {"bucket": "example-bucket", "region": "eu-central-1"}}}"""
    }
}
