package dev.jetbridge

import kotlinx.coroutines.runBlocking
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit

/*
 * Why this exists: every test here runs the real library against the real local stack, and starts with the same few steps.
 */

/** A test bounded by nothing but its own steps, over a fresh stack that ends with it. */
internal fun withStack(
    options: LocalStackOptions = LocalStackOptions(),
    test: suspend (LocalStack) -> Unit,
) = runBlocking {
    val stack = LocalStack.start(options)
    try {
        test(stack)
    } finally {
        stack.shutdown()
        stack.close()
    }
}

/** Both clocks are the stack's, so that [LocalStack.advanceClock] lets time pass for both. */
internal fun LocalStack.session(
    store: SecretStore = memoryStore(),
    options: SessionOptions = SessionOptions(),
): CoreSession = CoreSession.openWithStackClock(config(), store, options, this)

internal fun LocalStack.config(): JetbridgeConfig = JetbridgeConfig.parse(oktaConfigJson(), awsExportsJson())

/** The whole sign-in, with the scripted browser at the real sign-in page. */
internal suspend fun LocalStack.signInTo(session: CoreSession): SessionState = session.completeLogin(redirectFor(session))

/** The redirect that the browser would hand to the app. */
internal suspend fun LocalStack.redirectFor(session: CoreSession): String =
    signIn(session.beginLogin(LoginOptions()).url(), userLogin(), userPassword())

internal suspend fun CoreSession.allKeys(request: ListingRequest = ListingRequest()): List<String> {
    val pages = listObjects(request)
    return buildList { while (true) addAll(pages.nextPage()?.objects?.map { it.key } ?: break) }
}

/** Hears everything, in its order; a test waits for what it expects. */
internal class Recorder : SessionObserver {
    val events = LinkedBlockingQueue<SessionEvent>()
    val states = LinkedBlockingQueue<SessionState>()

    override fun stateChanged(state: SessionState) {
        states.put(state)
    }

    override fun event(event: SessionEvent) {
        events.put(event)
    }

    inline fun <reified T : SessionEvent> await(): T = generateSequence { events.next() }.first { it is T } as T

    inline fun <reified T : SessionState> awaitState(): T = generateSequence { states.next() }.first { it is T } as T
}

/** The limit only turns a hang into a failure. */
internal fun <T> LinkedBlockingQueue<T>.next(): T = checkNotNull(poll(60, TimeUnit.SECONDS)) { "nothing came" }
