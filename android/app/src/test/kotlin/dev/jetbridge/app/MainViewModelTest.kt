package dev.jetbridge.app

import android.app.Activity
import androidx.lifecycle.SavedStateHandle
import dev.jetbridge.JetbridgeException
import dev.jetbridge.RemoteService
import dev.jetbridge.SessionState
import dev.jetbridge.SignInReason
import dev.jetbridge.SignOutMode
import dev.jetbridge.testing.FakeJetbridgeSession
import dev.jetbridge.testing.await
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** What the model makes of the session, as an app tests its own: with a session that is what the test says. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestApp::class)
// As the others: Robolectric has a class loader for each mode, and the native library is loaded by one only.
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class MainViewModelTest {
    private val session = FakeJetbridgeSession(SessionState.NotLoaded, bucket = "holiday-pictures")
    private val model by lazy {
        val app = RuntimeEnvironment.getApplication() as TestApp
        app.opening = { session }
        MainViewModel(app, SavedStateHandle()).also { await("the session") { it.state.value.bucket == "holiday-pictures" } }
    }

    private inline fun <reified A : AccountState> awaitAccount(): A {
        await(A::class.java.simpleName) { model.state.value.account is A }
        return model.state.value.account as A
    }

    private inline fun <reified L : ListingState> awaitListing(): L {
        await(L::class.java.simpleName) { model.state.value.listing is L }
        return model.state.value.listing as L
    }

    @Test
    fun `each state of the session has its own on the screen`() {
        awaitAccount<AccountState.Loading>()
        session.show(SessionState.StorageUnavailable("locked"))
        awaitAccount<AccountState.Unavailable>()
        session.show(SessionState.SignInRequired(SignInReason.NoRefreshToken, null))
        assertTrue("Your session has run out" in awaitAccount<AccountState.SignedOut>().why!!)
        session.finishSignIn()
        assertEquals("Alice Archer", awaitAccount<AccountState.SignedIn>().name)
    }

    @Test
    fun `a sign-in shows how far it is, and why it failed`() {
        session.show(SessionState.SignedOut)
        awaitAccount<AccountState.SignedOut>()
        model.signIn(Robolectric.buildActivity(Activity::class.java).get())
        await("the browser") { model.state.value.signIn == SignInStage.IN_BROWSER }
        session.failSignIn(JetbridgeException.NoBrowser())
        await("a notice") { model.state.value.notice != null }
        assertEquals(SignInStage.NONE, model.state.value.signIn)
        assertEquals(listOf("startSignIn"), session.calls)
    }

    @Test
    fun `rows come, stay when a refresh is refused, and go with the user`() {
        session.finishSignIn()
        awaitAccount<AccountState.SignedIn>()
        session.content = listOf(FakeJetbridgeSession.listed("a/b.jpg", size = 12))
        model.list()
        assertEquals(listOf(12L), awaitListing<ListingState.Rows>().rows.map { it.size })
        session.failure = JetbridgeException.AccessDenied(RemoteService.S3, "AccessDenied")
        model.list()
        await("why") { (model.state.value.listing as? ListingState.Rows)?.problem != null }
        assertTrue("Amazon S3" in awaitListing<ListingState.Rows>().problem!!)
        session.failure = null
        model.signOut(SignOutMode.LOCAL)
        awaitListing<ListingState.NotAsked>()
        awaitAccount<AccountState.SignedOut>()
    }
}
