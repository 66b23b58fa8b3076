package dev.jetbridge.testing

import android.app.Activity
import dev.jetbridge.JetbridgeException
import dev.jetbridge.ListingRequest
import dev.jetbridge.RemoteService
import dev.jetbridge.SessionEvent
import dev.jetbridge.SessionState
import dev.jetbridge.SignInProgress
import dev.jetbridge.SignInReason
import dev.jetbridge.SignOutMode
import dev.jetbridge.accessKeyId
import dev.jetbridge.groups
import dev.jetbridge.subject
import dev.jetbridge.url
import dev.jetbridge.value
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** The fake does as the session does, without what the session needs: this module's tests have no native library. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class FakeJetbridgeSessionTest {
    private val screen by lazy { Robolectric.buildActivity(Activity::class.java).get() }

    @Test
    fun `there is no native library here`() {
        assertThrows(UnsatisfiedLinkError::class.java) { System.loadLibrary("jetbridge_ffi") }
    }

    @Test
    fun `a sign-in waits for the test, and ends as it says`() =
        runBlocking {
            val session = FakeJetbridgeSession()
            val answer = async(Dispatchers.Unconfined) { session.signIn(screen) }
            assertEquals(SignInProgress.InBrowser, session.signInProgress.value)
            assertFalse(answer.isCompleted)
            session.finishSignIn()
            assertEquals(SessionState.SignedIn(FakeJetbridgeSession.ALICE), answer.await())

            session.startSignIn(screen)
            session.cancelSignIn()
            assertTrue((session.signInProgress.value as SignInProgress.Failed).cause is JetbridgeException.UserCancelled)
            session.dismissSignInFailure()
            assertEquals(SignInProgress.Idle, session.signInProgress.value)
            session.failSignIn(JetbridgeException.NoBrowser())
            assertTrue(session.signInProgress.value is SignInProgress.Failed)
            assertEquals(listOf("startSignIn", "startSignIn", "cancelSignIn", "dismissSignInFailure"), session.calls)
        }

    @Test
    fun `objects come in pages, with folders, from the prefix on`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            session.content = listOf("a", "b/1", "b/2", "b/c/3", "d").map { FakeJetbridgeSession.listed(it) }
            assertEquals(listOf("b/1", "b/2", "b/c/3"), session.objects("b/").toList().map { it.key })
            val top = session.pages(ListingRequest(delimiter = "/", pageSize = 2u)).toList()
            assertEquals(listOf(listOf("a"), listOf("d")), top.map { page -> page.objects.map { it.key } })
            assertEquals(listOf(listOf("b/"), emptyList()), top.map { it.commonPrefixes })
            val listing = session.listing(ListingRequest(limit = 1uL))
            assertEquals(listOf("a"), listing.nextPage()!!.objects.map { it.key })
            assertNull(listing.nextPage())
            session.content = emptyList()
            assertEquals(listOf(0), session.pages().toList().map { it.objects.size })
        }

    @Test
    fun `whoever is not signed in gets nothing, and every failure is thrown where a service would be asked`() {
        val session = FakeJetbridgeSession()

        fun thrown(call: suspend () -> Unit) = assertThrows(JetbridgeException::class.java) { runBlocking { call() } }
        assertEquals(SignInReason.SignedOut, (thrown { session.awsCredentials() } as JetbridgeException.SignInRequired).reason)
        session.show(SessionState.SignInRequired(SignInReason.NoRefreshToken, null))
        assertEquals(SignInReason.NoRefreshToken, (thrown { session.accessToken() } as JetbridgeException.SignInRequired).reason)
        session.show(SessionState.StorageUnavailable("locked"))
        assertTrue((thrown { session.userInfo() } as JetbridgeException.SecureStorage).mayPass)
        session.finishSignIn()
        session.failure = JetbridgeException.AccessDenied(RemoteService.S3, "AccessDenied")
        for (call in listOf<suspend () -> Unit>(
            { session.objects().toList() },
            { session.awsCredentials() },
            { session.signOut() },
            { session.restore() },
            { session.manualSignIn.begin() },
        )) {
            assertEquals(session.failure, thrown(call))
        }
        assertTrue("what failed changed nothing", session.state.value is SessionState.SignedIn)
    }

    @Test
    fun `keys, tokens, events and signing out`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            assertEquals("ASIAFAKEFAKEFAKEFAKE", session.awsCredentials().accessKeyId)
            session.token = FakeAccessToken("mine")
            assertEquals("mine", session.accessToken().value)
            assertTrue(session.details().run { idTokenExpiresAt!! > now && user == FakeJetbridgeSession.ALICE })
            assertEquals(FakeJetbridgeSession.ALICE.subject, session.claims!!.subject)
            session.idToken = FakeIdTokenClaims(groups = listOf("Staff"), others = mapOf("department" to "research", "ver" to 1))
            session.claims!!.run { assertEquals(listOf("Staff", "research", 1.0), groups + text("department") + number("ver")) }
            val event = async(start = CoroutineStart.UNDISPATCHED) { session.events.first() }
            session.tell(SessionEvent.SignedOut)
            assertEquals(SessionEvent.SignedOut, event.await())
            session.signOut(SignOutMode.REVOKE)
            assertEquals(SessionState.SignedOut, session.state.value)
            assertNull(session.details().user)
            assertNull(session.claims)
            assertTrue(
                session.manualSignIn
                    .begin()
                    .url
                    .startsWith("https://"),
            )
            assertTrue(session.manualSignIn.complete("com.example.app:/callback?code=x") is SessionState.SignedIn)
        }
}
