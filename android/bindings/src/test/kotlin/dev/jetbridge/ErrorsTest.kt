package dev.jetbridge

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Every variant of an error, made by what really causes it, with the answer to "what now?". */
class ErrorsTest {
    private inline fun <reified E : SessionException> thrown(
        recovery: Recovery,
        crossinline call: suspend () -> Unit,
    ): E {
        val error = assertThrows(E::class.java) { runBlocking { call() } }
        assertEquals(recovery, error.recovery())
        assertTrue(error.describe().isNotBlank())
        return error
    }

    @Test
    fun `UserCancelled, when the session is signed out during the sign-in`() =
        withStack { stack ->
            val session = stack.session()
            val redirect = stack.redirectFor(session)
            session.cancelLogin()
            val error = assertThrows(SessionException::class.java) { runBlocking { session.completeLogin(redirect) } }
            assertTrue(error is SessionException.UserCancelled || error is SessionException.UnexpectedRedirect, error.describe())
            assertEquals(SessionState.SignedOut, session.state().takeIf { it !is SessionState.NotLoaded } ?: session.restore())
        }

    @Test
    fun `SignInRequired, when nobody is signed in`() =
        withStack { stack ->
            val error = thrown<SessionException.SignInRequired>(Recovery.SIGN_IN) { stack.session().allKeys() }
            assertEquals(SignInReason.SignedOut, error.reason)
            assertTrue(describeReason(error.reason).isNotBlank())
        }

    @Test
    fun `Retryable, when a service asks to wait`() =
        withStack { stack ->
            val session = stack.session()
            val redirect = stack.redirectFor(session)
            stack.injectFault("token-rate-limited", 1000u)
            thrown<SessionException.Retryable>(Recovery.RETRY) { session.completeLogin(redirect) }
            stack.injectFault("token-rate-limited", 0u)
            // The same redirect finishes it once the service is back.
            assertInstanceOf(SessionState.SignedIn::class.java, session.completeLogin(redirect))
        }

    @Test
    fun `Obstructed, when nobody here knows who issued the certificate`() =
        withStack(LocalStackOptions(tls = true)) { stack ->
            val session = stack.session()
            val error = thrown<SessionException.Obstructed>(Recovery.RETRY) { session.beginLogin(LoginOptions()) }
            assertEquals(RemoteService.OKTA to Obstacle.CERTIFICATE, error.service to error.obstacle)
            assertTrue(error.problem.isNotBlank() && error.hint.isNotBlank())
        }

    @Test
    fun `Misconfigured, when what answers on this machine does not speak TLS`() =
        withStack { stack ->
            val okta = stack.oktaConfigJson().replace("\"okta_issuer_url\": \"http:", "\"okta_issuer_url\": \"https:")
            val session =
                CoreSession.openWithStackClock(
                    JetbridgeConfig.parse(okta, stack.awsExportsJson()),
                    memoryStore(),
                    SessionOptions(),
                    stack,
                )
            val error = thrown<SessionException.Misconfigured>(Recovery.FIX_CONFIGURATION) { session.beginLogin(LoginOptions()) }
            assertEquals("okta_issuer_url", error.setting)
            assertTrue(error.problem.contains("does not speak TLS"), error.problem)
        }

    @Test
    fun `Misconfigured, when the pool does not know the provider`() =
        withStack { stack ->
            val session = stack.session()
            stack.injectFault("cognito-unsupported-provider", 1000u)
            stack.signInTo(session)
            val error = thrown<SessionException.Misconfigured>(Recovery.FIX_CONFIGURATION) { session.allKeys() }
            assertTrue(error.setting.isNotBlank() && error.hint.isNotBlank())
        }

    @Test
    fun `AccessDenied, when the role may not list`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            stack.injectFault("s3-access-denied", 1000u)
            val error = thrown<SessionException.AccessDenied>(Recovery.ASK_FOR_ACCESS) { session.allKeys() }
            assertEquals(RemoteService.S3, error.service)
            assertEquals("AccessDenied", error.code)
        }

    @Test
    fun `AccessDenied, when the user presses Cancel on Okta's page`() =
        withStack { stack ->
            val session = stack.session()
            val redirect = stack.deny(session.beginLogin(LoginOptions()).url())
            val error = assertThrows(SessionException::class.java) { runBlocking { session.completeLogin(redirect) } }
            assertTrue(error is SessionException.AccessDenied || error is SessionException.UserCancelled, error.describe())
        }

    @Test
    fun `NotFound, when the bucket does not exist`() =
        withStack { stack ->
            val session = stack.session()
            stack.signInTo(session)
            val error =
                assertThrows(SessionException::class.java) {
                    runBlocking { session.allKeys(ListingRequest(bucket = "there-is-no-such-bucket")) }
                }
            // A role that may see one bucket only is told "denied" for every other, as in AWS.
            assertTrue(error is SessionException.NotFound || error is SessionException.AccessDenied, error.describe())
        }

    @Test
    fun `UnexpectedRedirect, from another app, leaves the open sign-in alone`() =
        withStack { stack ->
            val session = stack.session()
            val redirect = stack.redirectFor(session)
            val foreign = stack.config().callbackUrl() + "?code=stolen&state=guessed"
            thrown<SessionException.UnexpectedRedirect>(Recovery.IGNORE) { session.completeLogin(foreign) }
            assertInstanceOf(SessionState.SignedIn::class.java, session.completeLogin(redirect))
        }

    @Test
    fun `Internal or Misconfigured, when the ID token was tampered with, and nobody is signed in`() =
        withStack { stack ->
            val session = stack.session()
            val redirect = stack.redirectFor(session)
            stack.injectFault("id-token-tampered", 1000u)
            val error = assertThrows(SessionException::class.java) { runBlocking { session.completeLogin(redirect) } }
            assertTrue(error.describe().isNotBlank())
            assertTrue(session.state() !is SessionState.SignedIn)
        }

    @Test
    fun `all mistakes of the configuration are told at once`() {
        val error = assertThrows(ConfigException.Invalid::class.java) { JetbridgeConfig.parse("{}", "{}") }
        val keys = error.problems.map { it.key }
        assertTrue(keys.containsAll(listOf("okta_issuer_url", "okta_client_id", "okta_callback_url")), keys.toString())
        assertTrue(keys.any { it.startsWith("Auth") } && keys.any { it.startsWith("Storage") }, keys.toString())
        error.problems.forEach { assertTrue(it.expectation.isNotBlank()) }
        assertTrue(keys.all { it in error.describe() })
    }

    @Test
    fun `a text that is no JSON is told with its file`() {
        val error = assertThrows(ConfigException.Invalid::class.java) { JetbridgeConfig.parse("{", "{}") }
        assertTrue(error.problems.any { it.file == "okta-config.json" })
    }
}
