package dev.jetbridge

import android.app.Activity
import dev.jetbridge.testing.Stack
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File

/** A session object that was closed answers with an error of the library, and never with one of the layers below. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class ClosedSessionTest {
    @get:Rule
    val stack = Stack()

    private val host get() = RuntimeEnvironment.getApplication() as TestHost
    private val screen by lazy { Robolectric.buildActivity(Activity::class.java).setup().get() }

    @After
    fun close() = host.restartProcess()

    private fun assertClosed(thrown: Throwable?) {
        assertTrue("$thrown", thrown is JetbridgeException.Internal)
        assertEquals("the session is closed", (thrown as JetbridgeException.Internal).detail)
    }

    @Test
    fun `every call says that the session is closed`() =
        runBlocking {
            val session = host.jetbridge
            val listing = session.listing()
            session.close()
            val calls =
                listOf<suspend () -> Any?>(
                    session::restore,
                    { session.manualSignIn.begin() },
                    session.manualSignIn::cancel,
                    session::awsCredentials,
                    session::accessToken,
                    session::userInfo,
                    { session.details() },
                    { session.renewInBackground() },
                    { session.signOut() },
                    listing::nextPage,
                    { session.manualSignIn.complete("com.okta.local-jetbridge:/callback?code=x&state=y") },
                    { session.objects().first() },
                    { session.headObject("a") },
                    { session.getObject("a") },
                    { session.downloadObject("a", File("a")) {} },
                    { session.putObject("a", ByteArray(1)) },
                    { session.uploadFile("a", File("a")) {} },
                    { session.deleteObject("a") },
                    { session.copyObject("a", "b") },
                    { session.presignObject(PresignRequest(ObjectAddress("a"), PresignedMethod.GET)) },
                    { session.callApi(ApiRequest("https://api.example.com")) },
                    { session.signRequest(ApiRequest("https://api.example.com")) },
                    { session.isApi("https://api.example.com") },
                    session::diagnose,
                    { session.startSignIn(screen) },
                    { session.signIn(screen) },
                )
            for (call in calls) assertClosed(runCatching { call() }.exceptionOrNull())
            assertEquals(SignInProgress.Idle, session.signInProgress.value)
        }

    @Test
    fun `closing twice is as closing once`() {
        val session = host.jetbridge
        val renewal = session.renewInBackground()
        repeat(2) { renewal.cancel() }
        repeat(2) { session.close() }
    }

    @Test
    fun `whoever waits when the session is closed is told so`() =
        runBlocking {
            val session = host.jetbridge
            stack.local.setLatency(1_000uL)
            // It has begun when this goes on, and Okta's answer is a second away.
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { runCatching { session.manualSignIn.begin() } }
            session.close()
            assertClosed(waiting.await().exceptionOrNull())
        }
}
