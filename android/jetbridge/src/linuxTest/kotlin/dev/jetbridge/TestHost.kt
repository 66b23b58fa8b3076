package dev.jetbridge

import android.app.Application
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack

/** An app that has the library and nothing else. [restartProcess] is what Android does behind the browser. */
class TestHost :
    Application(),
    JetbridgeHost {
    private var open: JetbridgeSession? = null

    override val jetbridge: JetbridgeSession
        get() = open ?: checkNotNull(Stack.current).session(KeystoreSecretStore(this)).also { open = it }

    override fun onCreate() {
        super.onCreate()
        FakeAndroidKeyStore.install()
    }

    fun restartProcess() {
        open?.close()
        open = null
    }
}
