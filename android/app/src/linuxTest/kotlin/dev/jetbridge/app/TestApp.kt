package dev.jetbridge.app

import dev.jetbridge.JetbridgeSession
import dev.jetbridge.KeystoreSecretStore
import dev.jetbridge.testing.FakeAndroidKeyStore
import dev.jetbridge.testing.Stack

/** The app with the local stack in place of its assets. */
class TestApp : JetbridgeApp() {
    override fun onCreate() {
        super.onCreate()
        FakeAndroidKeyStore.install()
    }

    override fun openSession(): JetbridgeSession {
        val stack = Stack.current ?: return super.openSession()
        return stack.session(KeystoreSecretStore(this), stack.awsExports ?: stack.local.awsExportsJson())
    }
}
