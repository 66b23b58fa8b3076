package dev.jetbridge

import dev.jetbridge.testing.await
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue

/** Renewal for long work without a user: it lasts as long as it is said to, whoever keeps what. */
class BackgroundRenewalTest : SignInScenario() {
    @Test
    fun `a renewal whose answer nobody keeps goes on`() {
        await("the store was read") { session.state.value is SessionState.SignedOut }
        renewAndForget()
        // The second time, whatever the first one set going is through.
        repeat(2) { collectGarbage() }
        signInWithoutAsking()
        await("keys that nobody asked for") { session.details().awsCredentialsExpireAt != null }
    }

    @Test
    fun `one that is cancelled has ended`() {
        await("the store was read") { session.state.value is SessionState.SignedOut }
        runBlocking { session.renewInBackground().cancelAndJoin() }
        signInWithoutAsking()
        assertEquals(0, stack.count("GetCredentialsForIdentity"))
    }

    @Test
    fun `it ends with the session object`() {
        val renewal = session.renewInBackground()
        session.close()
        runBlocking { renewal.join() }
        assertTrue(renewal.isCancelled)
    }

    /** A function of its own, so that no variable of the test's keeps the answer. */
    private fun renewAndForget() {
        session.renewInBackground()
    }

    private fun collectGarbage() {
        val collected = ReferenceQueue<Any>()
        val canary = PhantomReference(Any(), collected)
        await("a collection") {
            System.gc()
            collected.poll() === canary
        }
    }

    private fun signInWithoutAsking() {
        val controller = start()
        controller.newIntent(follow(stack.signIn(open(controller))))
        awaitSignedIn()
        runBlocking { session.settle() }
    }
}
