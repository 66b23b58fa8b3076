package dev.jetbridge

import android.app.Activity
import dev.jetbridge.testing.await
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.android.controller.ActivityController

/** Connections are there when somebody comes back to the app. */
class ForegroundTest : SignInScenario() {
    private val seen = mutableListOf<String>()

    private fun activity(): ActivityController<Activity> = Robolectric.buildActivity(Activity::class.java)

    @Test
    fun `the app comes with its first Activity and goes with its last one`() {
        val foreground = Foreground(host, { seen += "entered" }, { seen += "left" })
        val first = activity().setup()
        val second = activity().setup()
        first.pause().stop()
        assertEquals(listOf("entered"), seen)
        second.pause().stop()
        assertEquals(listOf("entered", "left"), seen)
        second.restart().start().resume()
        assertEquals(listOf("entered", "left", "entered"), seen)
        foreground.stop()
        second.pause().stop()
        assertEquals(listOf("entered", "left", "entered"), seen)
    }

    @Test
    fun `a screen that is turned does not leave`() {
        val foreground = Foreground(host, { seen += "entered" }, { seen += "left" })
        activity().setup().recreate()
        foreground.stop()
        assertEquals(0, seen.count { it == "left" })
    }

    @Test
    fun `a session that was restored asks Okta's host when the app comes`() {
        val store = MemorySecretStore()
        val first = stack.session(store)
        runBlocking {
            val request = first.manualSignIn.begin()
            first.manualSignIn.complete(stack.signIn(request.url))
            first.settle()
        }
        first.close()
        val config = JetbridgeSession.config(stack.local.oktaConfigJson(), stack.local.awsExportsJson())
        val restored = JetbridgeSession.open(host, config, store)
        val asked = stack.count("discovery")
        val screen = activity().setup()
        await("a request that opens a connection") { stack.count("discovery") > asked }
        screen.pause().stop()
        restored.close()
    }
}
