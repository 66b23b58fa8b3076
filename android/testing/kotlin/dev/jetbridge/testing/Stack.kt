package dev.jetbridge.testing

import dev.jetbridge.CoreSession
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.LocalStack
import dev.jetbridge.LocalStackOptions
import dev.jetbridge.SecretStore
import dev.jetbridge.SessionOptions
import kotlinx.coroutines.runBlocking
import org.junit.rules.ExternalResource

/** The strict local stack, with a clock that both it and the session go by. A fresh one for each test. */
class Stack(
    private val options: LocalStackOptions = LocalStackOptions(),
) : ExternalResource() {
    /** The running stack. */
    lateinit var local: LocalStack
        private set

    override fun before() {
        local = runBlocking { LocalStack.start(options) }
        current = this
    }

    override fun after() {
        current = null
        runBlocking { local.shutdown() }
        local.close()
    }

    /** What alice does in the browser: gives the redirect URI. */
    fun signIn(
        url: String,
        login: String = local.userLogin(),
    ): String = runBlocking { local.signIn(url, login, local.userPassword()) }

    /** A session as the app opens it at its start; over the same [store], as after the death of the process. */
    fun session(
        store: SecretStore,
        oktaConfig: String = local.oktaConfigJson(),
        awsExports: String = local.awsExportsJson(),
    ): JetbridgeSession {
        val config = JetbridgeSession.config(oktaConfig, awsExports)
        return JetbridgeSession.over(config, CoreSession.openWithStackClock(config, store, SessionOptions(), local))
    }

    /** Whether anybody can reach the stack. It forgets nothing meanwhile. */
    fun network(isUp: Boolean) = local.injectFault("network-down", if (isUp) 0u else UInt.MAX_VALUE)

    /** How often the stack was asked for [operation]. */
    fun count(operation: String): Int = local.count(operation).toInt()

    companion object {
        /** The stack of the running test, for an Application that is made before the test is. */
        var current: Stack? = null
    }
}
