package dev.jetbridge

import android.content.Context
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/**
 * Several users on one device: who has a session, which of them the app shows, and a session for each. Nothing is shared between
 * them. It works on the same store and by the same locks as [JetbridgeSession.open], whose account is called `default`.
 *
 * Make one in the Application, in place of [JetbridgeSession.open], and let it open the sessions: there is one object for each
 * account then, however often it is asked for.
 *
 * @param store where the sessions are; the same as for [JetbridgeSession.open]
 * @param options how the sessions are opened; its account is of no matter here
 */
public class JetbridgeAccounts(
    context: Context,
    private val config: JetbridgeConfig = JetbridgeSession.config(context),
    private val store: SecretStore = KeystoreSecretStore(context),
    private val options: SessionOptions = SessionOptions(),
) {
    private val app = context.applicationContext
    private val locks = JetbridgeSession.locks(app, options)
    private val sessions = HashMap<String, LiveSession>()

    /**
     * All accounts that somebody has signed in to, by name. No network. One that cannot be read does not hide the others.
     *
     * @throws JetbridgeException.SecureStorage if the store cannot even tell its names
     */
    public suspend fun list(): List<JetbridgeAccount> = ask { list() }

    /**
     * The account to show when nobody names one: the one of the last [switchTo] or [JetbridgeSession.startSignIn], `default` at
     * first. So a process that was started for a redirect opens the account whose sign-in it finishes.
     *
     * @throws JetbridgeException.SecureStorage if the choice cannot be read
     */
    public suspend fun current(): String = ask { current() }

    /**
     * Makes [name] the current account, also after a restart, and gives its session. Sessions that are open stay what they
     * are.
     *
     * @throws JetbridgeException.NotFound if nobody has signed in to it, or begun to
     * @throws JetbridgeException.Misconfigured for a name that no account can have, as [session]
     */
    public suspend fun switchTo(name: String): JetbridgeSession {
        ask { switchTo(name) }
        return session(name)
    }

    /**
     * The session of the account [name]; one that nobody has signed in to is new. The same object each time, until it is
     * closed. Only the one that the Application gives out as [JetbridgeHost.jetbridge] can [JetbridgeSession.startSignIn].
     *
     * @throws JetbridgeException.Misconfigured for a name that no account can have: up to 64 letters, digits, `.`, `_`, `-`, and so
     *   no e-mail address
     */
    @Synchronized
    public fun session(name: String): JetbridgeSession {
        sessions[name]?.takeIf { it.isOpen }?.let { return it }
        val opened = JetbridgeSession.open(app, config, store, options.copy(account = name)) as LiveSession
        // Two spellings may be one name: the core knows.
        val account = opened.details().account
        val known = sessions[account]?.takeIf { it.isOpen }
        if (known == null) sessions[account] = opened else opened.close()
        opened.whenSignInBegins = { ask { switchTo(account) } }
        return known ?: opened
    }

    /**
     * Signs the account [name] out, as [JetbridgeSession.signOut] does. The others stay signed in.
     *
     * @throws JetbridgeException.SecureStorage when the device's copy could not be erased
     */
    public suspend fun signOut(
        name: String,
        mode: SignOutMode = SignOutMode.LOCAL,
    ): SignOutResult = session(name).signOut(mode)

    private suspend fun <T> ask(question: suspend CoreAccounts.() -> T): T {
        NativeLibrary.load()
        return withContext(NonCancellable) { translated { CoreAccounts.of(config, store, locks).use { it.question() } } }
    }
}
