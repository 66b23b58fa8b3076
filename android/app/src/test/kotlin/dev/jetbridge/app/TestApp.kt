package dev.jetbridge.app

import dev.jetbridge.JetbridgeSession
import dev.jetbridge.KeystoreSecretStore
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack

/** The app with the local stack in place of its assets. [restartProcess] is what Android does behind the browser. */
class TestApp : JetbridgeApp() {
    private var session: JetbridgeSession? = null

    /** How the session is opened, for builds of the app that cannot. */
    var opening: (TestApp) -> JetbridgeSession = { checkNotNull(Stack.current).session(KeystoreSecretStore(it)) }

    override val jetbridge: JetbridgeSession
        @Synchronized get() = session ?: opening(this).also { session = it }

    override fun onCreate() {
        super.onCreate()
        FakeAndroidKeyStore.install()
    }

    @Synchronized
    fun restartProcess() {
        session?.close()
        session = null
    }
}
