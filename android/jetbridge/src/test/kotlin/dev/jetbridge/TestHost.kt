package dev.jetbridge

import android.app.Application
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack

/** An app that has the library and nothing else. [restartProcess] is what Android does behind the browser. */
class TestHost :
    Application(),
    JetbridgeHost {
    private var open: JetbridgeSession? = null

    /** In place of the stack's own `okta-config.json`. */
    var oktaConfig: String? = null

    override val jetbridge: JetbridgeSession
        get() = open ?: openOver(checkNotNull(Stack.current)).also { open = it }

    private fun openOver(stack: Stack) = stack.session(KeystoreSecretStore(this), oktaConfig ?: stack.local.oktaConfigJson())

    override fun onCreate() {
        super.onCreate()
        FakeAndroidKeyStore.install()
    }

    fun restartProcess() {
        open?.close()
        open = null
    }
}
