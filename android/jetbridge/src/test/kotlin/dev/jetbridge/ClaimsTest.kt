package dev.jetbridge

import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** What an app reads of tokens and keys, as properties. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class ClaimsTest {
    @get:Rule
    val stack = Stack(LocalStackOptions(accessClaims = true))

    @Before
    fun install() = FakeAndroidKeyStore.install()

    @Test
    fun `claims, keys and tokens`() =
        runBlocking {
            stack.session(KeystoreSecretStore(RuntimeEnvironment.getApplication())).use { session ->
                assertNull(session.claims)
                session.manualSignIn.begin().run {
                    assertTrue(url.startsWith("http") && redirectUri.startsWith("com.okta.local-jetbridge:") && openBefore == null)
                    assertTrue(expiration > session.details().now)
                    session.manualSignIn.complete(stack.signIn(url))
                }
                val claims = session.claims!!
                assertEquals(listOf("Everyone"), claims.groups)
                assertEquals("research", claims.text("department"))
                assertEquals((session.state.value as SessionState.SignedIn).user.subject, claims.subject)
                assertEquals(session.details().issuer, claims.issuer)
                assertTrue(claims.audience.isNotEmpty() && "groups" in claims.names)
                assertEquals(session.details().idTokenExpiresAt, claims.expiration)
                assertTrue(claims.issuedAt < claims.expiration && claims.authenticatedAt!! <= claims.issuedAt)
                assertFalse("personal", "research" in "$claims")

                val keys = session.awsCredentials()
                assertEquals(session.details().awsCredentialsExpireAt, keys.expiration)
                assertTrue(listOf(keys.accessKeyId, keys.secretAccessKey, keys.sessionToken).toSet().size == 3)
                val token = session.accessToken()
                assertEquals(session.details().accessTokenExpiresAt, token.expiration)
                assertEquals(2, stack.local.countSecretsIn("${token.value} ${keys.secretAccessKey}").toInt())
                session.signOut()
                assertNull(session.claims)
            }
        }
}
