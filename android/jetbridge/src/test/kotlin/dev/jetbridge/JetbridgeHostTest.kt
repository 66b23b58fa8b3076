package dev.jetbridge

import android.app.Activity
import android.app.Application
import android.os.Bundle
import android.os.Looper
import android.view.Choreographer
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack
import dev.jetbridge.testing.await
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch

/** An app that begins as the guide's does. */
class PrewarmedApp :
    Application(),
    JetbridgeHost {
    /** On which threads the session was opened: the native library and the configuration are loaded there. */
    val openers = CopyOnWriteArrayList<Thread>()

    /** Holds the opening up, for as long as the test wants. */
    val gate = CountDownLatch(1)
    var failures = 0

    override val jetbridge by jetbridgeSession {
        openers += Thread.currentThread()
        gate.await()
        if (failures-- > 0) throw JetbridgeException.ConfigurationFileMissing("okta-config.json")
        checkNotNull(Stack.current).session(KeystoreSecretStore(it))
    }

    override fun onCreate() {
        super.onCreate()
        FakeAndroidKeyStore.install()
    }
}

/** A screen that shows the session as soon as there is one, and draws before that. */
class PrewarmedScreen : Activity() {
    private val scope = MainScope()
    var session: JetbridgeSession? = null
    var frames = 0

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        Choreographer.getInstance().postFrameCallback { frames++ }
        scope.launch { session = (application as JetbridgeHost).openSession() }
    }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }
}

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = PrewarmedApp::class)
class JetbridgeHostTest {
    @get:Rule
    val stack = Stack()

    private val app get() = RuntimeEnvironment.getApplication() as PrewarmedApp

    @After
    fun close() {
        app.gate.countDown()
        app.jetbridge.close()
    }

    @Test
    fun `the first frame is drawn while the session is being opened elsewhere`() {
        shadowOf(Looper.getMainLooper()).idle()
        await("the opening, before any screen asked") { app.openers.size == 1 }
        val screen = Robolectric.buildActivity(PrewarmedScreen::class.java).setup()
        await("a frame") { screen.get().frames > 0 }
        assertNull("nobody has waited", screen.get().session)
        app.gate.countDown()
        await("the session") { screen.get().session != null }
        assertSame(app.jetbridge, screen.get().session)
        assertEquals("opened once", 1, app.openers.size)
        assertTrue("${app.openers}", app.openers.none { it === Looper.getMainLooper().thread })
        screen.destroy()
    }

    @Test
    fun `what goes wrong is told to whoever uses it, and tried again`() {
        app.failures = 2
        app.gate.countDown()
        shadowOf(Looper.getMainLooper()).idle()
        await("the first opening, which tells nobody") { app.failures == 1 }
        assertThrows(JetbridgeException.ConfigurationFileMissing::class.java) { app.jetbridge }
        assertSame(app.jetbridge, app.jetbridge)
    }
}
